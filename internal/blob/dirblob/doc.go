// Package dirblob implements blob.Store with plain files below one directory: the object
// a/b is the file a/b, which any tool can read. Several processes may use the directory
// at once.
//
//	manifest.json                  an object
//	snapshots/…                    objects
//	.store/drafts/                 objects being written
//	.store/commit.lock             held while an object is created, replaced or deleted
//	.store/drafts.lock             shared by the writers that have drafts
//
// # The crash story
//
// A write takes these steps, and a crash may end it after any of them:
//
//  1. The body is written to a draft, which is flushed to the disk. A writer that dies here
//     leaves a draft, which no reader sees and the next Open removes.
//  2. Under commit.lock the version of the object is compared and the draft gets its
//     modification time.
//  3. link(2) for a new object, which never overwrites, or rename(2) for an existing one.
//     Either is atomic: readers see the complete old object before it and the complete new one
//     after it.
//  4. The folder is flushed. If that fails, the new object is visible, but a power failure may
//     undo it: blob.ErrUncertain.
//
// The kernel releases the locks of a process that dies, so no lock is ever stale. A
// process that is stopped while it holds a lock makes the others wait until their
// contexts end.
//
// # Versions
//
// A version is the file's modification time in nanoseconds and its size. Under the lock each
// new file gets a time later than that of its predecessor and of any deleted object (recorded
// as the modification time of commit.lock), even if both fall into one tick of the clock, the
// clock was set back, or the file system rounds. So a version never recurs with different
// content, reading one costs an fstat, and a copy of the directory that preserves times (cp -a,
// rsync -a) preserves versions. A hash would require reading the content, and would repeat
// whenever the content does; inode numbers are reused. A power failure may undo the last
// modification time of the newest file, and so its version, but every process that knew that
// version has lost power too.
//
// # Limits
//
// The directory needs hard links, flock(2), and file names that differ by case: ext4, xfs,
// btrfs, tmpfs, a case-sensitive APFS. It must be on one file system. NFS and SMB do not
// qualify, since flock may work on one machine only; nor does FAT. Two machines must not share
// the directory.
//
// Date and LastModified are the host's clock, and Date is never before LastModified: after the
// clock was set back, objects look younger than they are until it has caught up.
//
// Folders are created with mode 0700 and files with 0600, because they hold customers' texts.
// Existing folders keep their modes. Folders that become empty stay. Files whose names are not
// keys are ignored.
//
// What root creates in another user's directory is given to that user and group, so that a
// service keeps working after an operator has run a command as root. In root's own directory,
// it is given to the user that first wrote there. A directory that root creates belongs to
// root.
package dirblob
