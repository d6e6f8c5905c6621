// Package httpapi is the HTTP contract: routes, parameters, validators, errors, and what each route needs of its client.
// Package access decides whether a client has it.
//
// It is one http.Handler for every host. A request is checked at the edge (origin, route, method, bearer, parameters), then finds bytes in the
// snapshot that the replica holds and writes them. Whatever goes wrong is a problem (RFC 9457), never an empty list: errors become
// answers in one table, and what is not in it is a 500 with a request id and no internals.
//
// Data routes answer from one snapshot, and their bodies do not depend on the clock, so that their validators hold and an answer that was made can be kept. A walk over pages
// stays on the snapshot that it began with: its cursor names it. Status routes tell of now and are never stored.
//
// What it answers is written down in apidoc/openapi.yaml, to which the tests hold every answer; the page that is made of it explains each problem.
//
// A host that is called for single requests, as Lambda is, imposes more: how large an answer may be, and that nothing goes on after it. That is Config's Platform, and it is zero for a server.
//
// The package knows the replica, the manifest, the snapshot and the access policy; who refreshes, and how, is behind the interface Refresher.
package httpapi
