// Package snaptest makes and reads small snapshots for the tests of snapshot and of
// build. A record is given by its id and its cells, as a JSON object. On an error,
// every function fails the calling test.
package snaptest
