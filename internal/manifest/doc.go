// Package manifest owns what is current in a store: the format of manifest.json, and
// every write of it.
//
// A store holds one manifest.json, the only object that is ever replaced, and immutable
// objects: snapshots/<id>.sqlite.zst and, for each publication,
// manifests/<generation>.json, a copy to fall back on. Store changes the manifest in one
// loop: read, change, replace if it is unchanged. Readers therefore see the old snapshot
// or the new one, whatever dies when:
//
//   - Before the snapshot's object is complete, it does not exist.
//   - Before the manifest names it, it is an orphan, which retention deletes after a day.
//   - From then on it is current for every reader that looks.
//
// A write whose response was lost may have happened. The loop reads again and detects its
// own writes by a mark in them, so that such a write is neither repeated nor reported as
// a conflict.
//
// The rules about runs and their lease are package job's: Manifest embeds job.State.
// Every write that changes what is current checks, at each attempt, that the run still
// holds the lease and that the snapshot it was made from is still current. Receipts and
// call counts need no lease.
//
// A manifest carries its own SHA-256, and the manifest carries each snapshot's. Neither
// is used unless its digest matches: readers fall back to the newest valid copy and report it,
// writers return ErrDamaged. One format number covers manifest and snapshot; a newer one
// is ErrNewer.
//
// Errors are facts: which object, which base, what is there instead. The callers add what
// to do. Package replica serves what this package calls current, package refresh makes
// snapshots, and package blob says what a store promises.
package manifest
