// Package snapshot reads the SQLite file that is published and served; package build
// makes it.
//
// Only a sealed file is ever published, and it never changes again: a File is opened
// immutable, so readers need no locks and leave no files beside it but those that Body
// unpacks, which go with Close. A File is safe for concurrent use.
//
// All that a request needs is precomputed when the file is sealed. Rows carry the
// contract's JSON, so a response copies bytes and decodes nothing. Each value of a
// property has the set of its records, so any filter, its count and its facets are
// intersections; each order is stored, so a page is found by its place; reports without a
// filter are stored encoded. An open file caches the sets of recent searches and of
// recent values.
//
// Rows also carry what Airtable sent, so that a changed mapping can be applied without
// asking Airtable again.
//
// The package leaves to others where files come from, whether a digest is the right one,
// and which snapshot is current.
package snapshot
