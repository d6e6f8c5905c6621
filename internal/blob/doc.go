// Package blob is the contract between voc and the store of its snapshots and manifest: a
// directory (dirblob) or S3 (s3blob). It contains no store; every store passes the suite
// in blobtest.
//
// # What a store promises
//
//   - An object is complete or missing. A reader gets the bytes of one object together
//     with the version of exactly these bytes, even while the object is replaced or
//     deleted, or its writer dies.
//   - PutNew and Replace have one winner among all processes that use the store. Nothing
//     is overwritten except by a Replace that names the version it replaces.
//   - An acknowledged write is durable, and every read, Stat and List that begins later
//     sees it.
//   - Every operation ends when its context does. A store is safe for concurrent use.
//
// # When a write fails
//
// A write ends in one of three ways, which the error distinguishes:
//
//	nil                 it happened, durably
//	ErrUncertain        it may have happened, or may still happen: the response was lost
//	any other error     it did not happen and will not
//
// The store guarantees the third: one that retries by itself and then meets "already
// exists" or "has changed" cannot know whether it lost a race or met its own first try,
// so it returns ErrUncertain.
//
// A caller resolves an uncertain write by what it reads, never by what it remembers:
//
//   - PutNew: use each key once, with the hash of the content in it. Then put again;
//     ErrExist means that the first attempt succeeded.
//   - Replace: put a mark of its own (a run id) into the body, which later writers keep.
//     Then read again. If the mark is there, the write happened, even if others have
//     written since. If it is not, Replace what was read. If the first attempt still
//     arrives, either it wins and the second gets ErrChanged, so that the next read finds
//     the mark; or the second wins and the first can never succeed, because the version
//     it names is gone.
//
// So one loop handles lost races and lost responses alike: read, look for the mark,
// change, Replace, and start again on ErrChanged and ErrUncertain. The package example
// shows it. A writer that dies halfway leaves nothing to resolve: the next reader finds
// the old object or the new one.
//
// # What it leaves to others
//
// What objects mean, which may be deleted and when, hashes of their content, locks that
// outlast one operation, and retries that depend on the purpose of a write.
//
// # Why so small
//
// The contract is what S3 does with one conditional request each (If-None-Match: *,
// If-Match, If-None-Match: version) and a POSIX file system with link(2), a lock and
// rename(2). It leaves out what only one of the two can do.
package blob
