// Package manifesttest builds stores for the tests of what publishes to a manifest and of
// what reads it: stores in memory with a clock that the test sets, runs, publications,
// and damaged objects.
//
// Functions that take a testing.TB end the test if they fail.
package manifesttest
