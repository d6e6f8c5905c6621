// Package snapshot is the SQLite file that is published and served: its schema, how one is made, and how one is read.
//
// A snapshot is made as a Draft, a private pair of files in a folder of the caller's. A draft takes rows in any order, any number of times
// each, on top of a parent snapshot or of nothing, and is then sealed: rows are written in the order in which they are served, with indexes, the full-text index,
// the report tables and the whole list in each encoding, checked by SQLite and flushed to disk. Only a sealed file is ever
// published, and it never changes again: readers open it immutable, so they need no locks and leave no files beside it.
//
// All that a request needs is worked out when the file is sealed. Rows carry the contract's JSON, so that answering copies bytes and decodes nothing. Each value of a
// property has the set of its records, so that any filter, its count and its facets are intersections; each order is written down, so that a page is found by its place; reports
// without a filter lie ready. Sets of values and of searches that were asked for are remembered while the file is open.
//
// Rows also carry what Airtable sent, so that another mapping can be applied later without asking Airtable again.
//
// A full refresh and an incremental end in the same Seal, over the same staged rows: that is why the two can not drift apart. Equal rows, tombstones and
// Meta make the same file, to the byte, however they came together, and equal rows have equal Contents.
//
// The package knows feedback; it leaves to others where files come from, whether a digest is the right one, and which snapshot is current.
package snapshot
