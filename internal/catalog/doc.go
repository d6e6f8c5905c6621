// Package catalog says which snapshot is current, and keeps what was before.
//
// A store holds one manifest.json, the only object that is ever replaced, and beside it immutable ones: snapshots/<id>.sqlite.zst and, for
// each publication, manifests/<generation>.json, a copy to fall back on. Every change of the manifest is one loop: read, change, replace if
// nobody else did. Readers therefore see the old snapshot or the new one, whatever dies when:
//
//   - before the snapshot's object is whole, it does not exist;
//   - before the manifest names it, it is an orphan that retention removes after a day;
//   - from then on it is current, for every reader that looks.
//
// A write whose answer was lost may have happened. The loop reads again and knows its own writes by a mark in them, so that such a write is
// neither repeated nor reported as a conflict.
//
// Who refreshes has the lease, which is in the manifest too: taking it is a write, so that it fences by itself whoever had it before. Each write that says what is current checks at
// each try that the lease is still that of its run, and that what it was made from is still current. Receipts and counts of calls need no lease.
//
// A manifest carries its own SHA-256, a snapshot's is in the manifest. Neither is ever trusted without: a reader goes back to the newest whole one and says so,
// a writer refuses.
//
// Catalog is the writing and reading of that truth; Replica keeps the current snapshot open for those who serve it, and a few older ones for those who walk them page by page. How a snapshot is
// made is refresh's business, what a store promises is blob's.
package catalog
