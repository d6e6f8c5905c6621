// Package servertest starts the server for tests, as a program in the test's own process or as a
// built binary, and speaks with it as a client does.
//
// A program in process costs no build and no exec. A binary is for what only a process has: a
// kill, a signal, a working directory.
package servertest
