// Package httpapi implements the HTTP contract: routes, parameters, validators, problems and
// access.
//
// It is one http.Handler for every host. A request passes through the files in this order: the
// route table in route.go names its handler, its parameters and the permission it needs; the
// handler reads the parameters into a query, asks the snapshot that the replica has open, and
// returns a respond.Answer; package respond writes it. Every error becomes a problem (RFC 9457) in
// the table of problem.go, never an empty list. An error that is not in the table is a 500 with a
// request id and no internals.
//
// A data route answers from one snapshot, and its body does not depend on the clock, so that its
// validator stays valid and its answer can be cached. Cursors name the snapshot of their first
// page, so that all pages of a list come from one snapshot. Status routes describe the current
// state, and their responses must not be stored.
//
// apidoc/openapi.yaml describes the contract, and the tests check every response against it. The
// page that is generated from it explains each problem.
//
// Request-scoped hosts such as Lambda limit the size of a response and forbid work after it.
// Platform holds these limits; the zero Platform, which a server uses, has none.
//
// The package reads the manifest, the replica and the snapshot. Package access decides who may
// call, and the interface Refresher starts refreshes.
package httpapi
