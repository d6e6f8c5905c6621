// Package dirblob keeps the objects of a blob.Store as plain files below one directory: the object a/b is the file
// a/b, to be read with any tool. Several processes may use the directory at once.
//
//	manifest.json                  an object
//	snapshots/…                    objects
//	.store/drafts/                 objects being written
//	.store/commit.lock             held while one becomes visible, or goes
//	.store/drafts.lock             shared by those who have drafts
//
// # The crash story
//
// A write happens in this order, and may end anywhere:
//
//  1. The body goes into a draft, which is flushed to the disk. A writer that dies here leaves a stray draft, which
//     no reader sees and the next Open removes.
//  2. Under commit.lock the version at the key is compared and the draft gets its modification time.
//  3. link(2) for a new object, which never overwrites, or rename(2) for another: one atomic step, before it the
//     old object is there and after it the new one, both whole.
//  4. The folder is flushed. Should that fail, the new object is visible but a power cut might undo it:
//     blob.ErrUncertain.
//
// The kernel drops the locks of a process that dies, so no lock is ever stale. A process that is stopped while it
// holds one makes the others wait until their contexts end.
//
// # Versions
//
// A version is the file's modification time in nanoseconds and its size. Under the lock each new file gets a time
// later than the one before it, and later than that of any deleted object (kept as commit.lock's own modification
// time), even when both fall in one tick of the clock, or the clock was set back, or the file system rounds. So a
// version never comes back with another content, reading one costs no more than an fstat, and a copy of the directory that
// keeps times (cp -a, rsync -a) keeps versions. A hash of the content would cost a read of it and come back
// when the content does; an inode number is used again. A power cut may take from the newest file the time it was given
// last, and with it the version; whoever knew that one was cut off too.
//
// # Limits
//
// The directory needs hard links and flock(2), and file names that differ by case: ext4, xfs, btrfs, tmpfs, a
// case-sensitive APFS. It must be one file system throughout. Not NFS or SMB, where flock may hold for one machine
// only, and no FAT. Two machines must not share it.
//
// Date and LastModified are the host's clock, and Date is never before LastModified: while a clock that was set back
// catches up, objects seem younger than they are.
//
// Folders are made 0700 and files 0600, since they hold customers' words. Folders that were there keep their modes.
// Folders that become empty stay. Files whose names are not keys are ignored.
package dirblob
