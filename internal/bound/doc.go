// Package bound names every bound on what clients can make one process spend: processor time,
// memory, disk and connections. bounds.go is the list; [Lanes] enforce those that are shared.
//
// # What it promises
//
//   - A client that meets a bound gets 503 or 429 with Retry-After, or a 400 or 414 that names the
//     limit. Clients that need something else do not wait behind it.
//   - All bounds together keep a server of 6,000 records below 64 MB and its other routes below
//     100 ms on two cores, whatever is requested. `make bench-hostile` measures it.
//
// # What it leaves to others
//
// Each package enforces the bounds of what it does and words the error. Limits on what Airtable
// and the store send are theirs.
package bound
