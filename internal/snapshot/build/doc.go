// Package build makes snapshots.
//
// A Draft is a set of private files in the caller's directory: the stage, which takes
// rows in any order and any number of times, and the file that is sealed. A draft begins
// empty (New) or with the records of a parent snapshot (Fork). Seal ranks the rows,
// derives everything that is served (the sets behind filters and facets, the orders, the
// full-text index, the reports, the whole list in each encoding), lets SQLite check the
// file and flushes it to disk. The result never changes again; package snapshot reads it.
//
// A full refresh and an incremental end in the same Seal, over the same staged rows, so
// the two cannot drift apart. Equal rows, tombstones and Meta give files that are equal
// byte for byte, in whatever way they were staged, and equal rows have equal Contents.
//
// Callers decide what a record's digest covers, and whether and where a sealed file is
// published. A Draft must be used by one goroutine at a time.
package build
