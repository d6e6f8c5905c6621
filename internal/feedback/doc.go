// Package feedback is the domain: it maps a record of the base to a Feedback, the object
// that the HTTP contract promises, and renders it.
//
// The mapping is total: whatever JSON Airtable puts into a cell, a record yields a
// Feedback and never an error, so that one odd cell cannot stop a refresh. A cell without
// a usable value is absent, and the next fallback of the contract's table applies.
//
// The package does no I/O and knows neither Airtable's API nor SQLite. Its values are
// safe for concurrent use once built, except Pulse, which one goroutine fills.
//
// # JSON
//
// The rule for all packages: JSON is read and written by encoding/json. Where that cannot
// do it, github.com/go-json-experiment/json does: names that occur twice must be rejected
// (settings and files that people write), the order of names must be kept (the OpenAPI
// document), or a value is needed in its canonical form (RFC 8785, the digests of
// records).
package feedback
