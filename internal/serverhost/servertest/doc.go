// Package servertest starts voc for tests, in the test's own process or as a built binary, and
// sends it requests as a client does.
//
// A program in process costs no build and no exec. A binary is for what only a process has: a
// kill, a signal, a working directory.
package servertest
