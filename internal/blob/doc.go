// Package blob is the contract between voc and the place where its snapshots and its manifest are kept: a directory
// (dirblob) or S3 (s3blob). It holds no store itself; every store passes the one suite in blobtest.
//
// # What a store promises
//
//   - An object is whole or absent. A reader gets one object's bytes and the version of exactly these bytes, while it
//     is replaced, deleted, or its writer dies.
//   - PutNew and Replace have one winner among all processes that use the store. Nothing is ever overwritten but by
//     a Replace that names the version it replaces.
//   - A write that was acknowledged is durable, and every read, Stat and List that begins later sees it.
//   - Every operation ends when its context does. A store is safe for concurrent use.
//
// # When a write fails
//
// A write ends in one of three ways, and the error tells which:
//
//	nil                 it happened, durably
//	ErrUncertain        it may have happened, or may yet happen: the answer was lost on its way
//	any other error     it did not happen and will not
//
// The third is certain, which is the store's duty: a store that tries again by itself and then meets "exists
// already" or "changed" cannot know whether it lost a race or met its own first try, so it answers ErrUncertain.
//
// A caller settles an uncertain write by what it finds, never by what it remembers:
//
//   - PutNew: use each key once, with the content's hash in it. Then put again; ErrExist says that the first try worked.
//   - Replace: let the body carry a mark of its own (a run id) that later writers keep. Then read again. The mark is
//     there: it happened, even if others have written since. It is not: Replace what was read. Should the
//     first try land after all, either it wins and the second gets ErrChanged, so that the next read finds the mark,
//     or the second wins and the first can never land, because the version it names is gone.
//
// So one loop serves lost races and lost answers alike: read, look for the mark, change, Replace, and from the start
// on ErrChanged and ErrUncertain. Example shows it. A writer that dies in the middle leaves nothing to settle: the
// next process that reads finds the old object or the new one.
//
// # What it leaves to others
//
// What objects mean, which may be deleted and when, hashes of their content, locks that last longer than one
// operation, and retries that need to know the purpose of a write.
//
// # Why so small
//
// It is what S3 does with one conditional request each (If-None-Match: *, If-Match, If-None-Match: version) and a
// POSIX file system with link(2), a lock and rename(2). What only one of the two can do is not in it.
package blob
