// Package snapshot reads the four SQLite files of a snapshot: three parts for readers (serve,
// list, details) and the source part for the next refresh. Package build writes them.
//
// Only a sealed file is ever published, and it never changes again: it is opened as
// immutable, so readers need no locks, and leave no files beside it except those that
// Body unpacks and Close removes. A File is safe for concurrent use.
//
// Everything that a request needs is precomputed when the file is sealed. Rows contain
// the contract's JSON, so a response copies bytes and decodes nothing. Each value of a
// property has the set of its records, so filters, counts and facets are intersections of
// sets. Each order is stored, so a page is found by its position. Reports without a
// filter are stored encoded. An open file caches the sets of recent searches and of
// recent values.
//
// The source part has the records as Airtable sent them, so that a changed mapping can be
// applied without reading Airtable again.
//
// Other packages decide where files come from, check their digests, and know which
// snapshot is current.
package snapshot
