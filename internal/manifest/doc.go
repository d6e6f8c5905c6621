// Package manifest owns what is current in a store: the format of manifest.json, and
// every write of it.
//
// A store holds one manifest.json, the only object that is ever replaced, and immutable
// objects: the parts of each snapshot, below snapshots/ for hosts that serve and below sources/
// for refreshes, and for each publication manifests/<generation>.json, a copy to fall back on.
// A part is whole or a delta, the pages in which it differs from a whole one, its base; snapshots
// share what has not changed. Store changes the manifest in one loop:
// read, change, replace if it is unchanged. So readers see the old snapshot or the new one,
// whenever a process dies:
//
//   - Before an object is complete, it does not exist.
//   - Before the manifest names it, it is an orphan, which retention deletes after a day.
//   - Once the manifest names it, it is current for every reader.
//
// A write whose response was lost may have happened. The loop reads again and detects its
// own writes by a mark in them, so that such a write is neither repeated nor reported as
// a conflict.
//
// Package job has the rules for runs and their lease; Manifest embeds job.State. Every write
// that changes what is current checks, at each attempt, that the run still holds the lease and
// that the snapshot it was made from is still current. Receipts and call counts need no lease.
//
// manifest.json contains its own SHA-256 and that of each part. Neither a manifest nor a
// part is used unless its digest matches: readers fall back to the newest valid copy and
// report that, and writers return ErrDamaged. One format number covers manifest and snapshot;
// for a newer one, the package returns ErrNewer.
//
// Errors state facts: which object, which base, and what was found instead. Callers add what
// to do. Package replica serves the current snapshot, package refresh makes snapshots, and
// package blob defines what a store promises.
package manifest
