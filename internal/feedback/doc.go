// Package feedback is the domain: it maps a record of the base to a Feedback, the object
// that the HTTP contract promises, and renders it.
//
// The mapping is total: whatever JSON Airtable puts into a cell, a record yields a
// Feedback and never an error, so that one odd cell cannot stop a refresh. A cell without
// a usable value counts as absent, and the next fallback in the contract's table applies.
//
// The package does no I/O and knows neither Airtable's API nor SQLite. Its values are
// safe for concurrent use once built, except Pulse, which one goroutine fills.
//
// # JSON
//
// All packages read and write JSON with encoding/json. They use
// github.com/go-json-experiment/json only for what that cannot do: to reject duplicate
// names (in settings and files that people write), to preserve the order of names (in the
// OpenAPI document), and to produce the canonical form (RFC 8785, for the digests of
// records).
package feedback
