// Package build makes snapshots.
//
// A Draft is a set of private files in the caller's directory: the stage, which takes
// rows in any order and any number of times, and the parts that are sealed. A draft begins
// empty (New) or with the records of a parent snapshot (Fork). Seal derives everything that
// is served (the sets behind filters and facets, the orders, the full-text index, the
// reports, the compressed list), lets SQLite check the files and flushes them to disk. The
// result never changes again; package snapshot reads it.
//
// Seal works in one of two ways. In full, it ranks all rows and writes new files: equal rows,
// tombstones and Meta give files that are equal byte for byte, in whatever way they were
// staged. A fork that changes few records amends copies of its parent's files instead, at a
// cost in proportion to the change; amend.go says when, and in what its files differ. Both
// ways answer everything alike and have equal Contents: they share the code that writes rows,
// sets, orders and reports, and tests seal drawn histories both ways.
//
// Callers decide what a record's digest covers, and whether and where a sealed file is
// published. A Draft must be used by one goroutine at a time.
package build
