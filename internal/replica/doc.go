// Package replica keeps the current snapshot of a store open for the code that serves it.
//
// Sync reads the manifest and opens the current snapshot if it has changed. Acquire
// returns the manifest, the snapshot and its open file as one consistent View; the file
// stays open until it is released. AcquireAt does the same for an older snapshot, so that
// a client can read page after page of the snapshot it began with. The number of older
// snapshots that are open at a time is limited, however many clients ask and however
// slowly they read; beyond the limit, AcquireAt returns ErrBusy.
//
// SyncIfOlder bounds the age of what is served: no caller gets a view older than the age
// that it passes plus the time of one Sync, unless the store does not respond.
//
// A store that cannot be read, a damaged manifest and a damaged snapshot never interrupt
// what is served: the newest valid snapshot is served instead, and View.Warnings reports
// it. A snapshot whose digest does not match the manifest is never opened. Neither is one
// that shows more than Hiding allows: while such a snapshot is current, none is served.
//
// A replica writes nothing to the store. It fetches each part once, when it is needed, as a delta
// if it has a file of the same base, and deletes the files when their snapshot is replaced and
// unused. Reject takes a snapshot out of service if a part proves damaged.
package replica
