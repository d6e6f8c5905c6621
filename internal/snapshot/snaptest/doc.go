// Package snaptest makes and reads small snapshots for the tests of snapshot and of
// build. A record is its cells as a JSON object, under its id. Every function fails the
// test that calls it.
package snaptest
