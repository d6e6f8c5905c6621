// Package servertest starts voc for tests, in the test's own process or as a built binary, and
// sends it requests as a client does.
//
// A program in the test's process needs no build and no exec. A binary is for tests of what
// only a process has: kills, signals, a working directory.
package servertest
