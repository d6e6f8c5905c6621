// Package manifesttest provides fixtures for tests of code that reads or writes a
// manifest: stores in memory with a clock that the test sets, runs, publications, and
// damaged objects.
//
// Functions that take a testing.TB fail the test if there is an error.
package manifesttest
