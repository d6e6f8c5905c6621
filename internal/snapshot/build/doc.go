// Package build makes snapshots.
//
// A Draft is a private pair of files in a directory of the caller: the stage, which takes
// rows in any order and any number of times, and the file that is sealed. A draft begins
// empty (New) or with the records of a parent snapshot (Fork). Seal ranks the rows,
// derives everything that is served (the sets behind filters and facets, the orders, the
// full-text index, the reports, the whole list in each encoding), lets SQLite check the
// file and flushes it to disk. The result never changes again; package snapshot reads it.
//
// A full refresh and an incremental end in the same Seal, over the same staged rows: that
// is why the two cannot drift apart. Equal rows, tombstones and Meta make the same file,
// to the byte, however they came together, and equal rows have equal Contents.
//
// The package leaves to others what a record's digest is made of, and whether and where a
// sealed file is published. A Draft is used by one goroutine at a time.
package build
