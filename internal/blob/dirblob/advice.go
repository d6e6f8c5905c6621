package dirblob

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

const (
	freeSpace = "free space on that disk, or move the store to a larger one"
	ownership = "give the user that runs voc read and write access"
	ownerRuns = "run voc as the user that owns the store"
	localDisk = "move the store to one local file system with hard links and locks (ext4, xfs)"
)

// advice is what an operator can do about the errors of a file system.
var advice = map[syscall.Errno]string{
	syscall.ENOSPC:       freeSpace,
	syscall.EDQUOT:       freeSpace,
	syscall.EFBIG:        "raise the limit on file sizes (ulimit -f)",
	syscall.EACCES:       ownership,
	syscall.EPERM:        ownership + ", or " + localDisk,
	syscall.EROFS:        "mount that file system writable, or move the store",
	syscall.ENOTDIR:      "a file is where a folder must be: move the file, or the store",
	syscall.EISDIR:       "a folder is where the object must be: move the folder",
	syscall.ENOENT:       "the folder was removed while in use: restart voc",
	syscall.EXDEV:        localDisk,
	syscall.ENOTSUP:      localDisk,
	syscall.ENOSYS:       localDisk,
	syscall.ENOLCK:       localDisk,
	syscall.EMFILE:       "raise the limit on open files (ulimit -n)",
	syscall.ENAMETOOLONG: "move the store to a shorter path",
	syscall.EIO:          "the disk fails: read the system's log, and move the store to another disk",
}

// advise adds advice to an error of the file system, which already names the path and the
// cause.
func advise(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok && path.Op == "chown" {
		return fmt.Errorf("%w: %s", err, ownerRuns)
	}
	var errno syscall.Errno
	if errors.As(err, &errno) && advice[errno] != "" {
		return fmt.Errorf("%w: %s", err, advice[errno])
	}
	return err
}
