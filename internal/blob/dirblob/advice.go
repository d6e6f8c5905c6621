package dirblob

import (
	"errors"
	"fmt"
	"syscall"
)

const (
	freeSpace = "free space on that disk, or keep the store on a larger one"
	ownership = "let the user that voc runs as read and write there"
	localDisk = "keep the store on one local file system with hard links and locks, such as ext4 or xfs"
)

// advice is what an operator can do about each of the faults of a directory.
var advice = map[syscall.Errno]string{
	syscall.ENOSPC:       freeSpace,
	syscall.EDQUOT:       freeSpace,
	syscall.EFBIG:        "raise the limit on file sizes (ulimit -f)",
	syscall.EACCES:       ownership,
	syscall.EPERM:        ownership + ", or " + localDisk,
	syscall.EROFS:        "mount that file system writable, or keep the store elsewhere",
	syscall.ENOTDIR:      "a file stands where a folder must be: move it away, or keep the store elsewhere",
	syscall.EISDIR:       "a folder stands where the object must be: move it away",
	syscall.ENOENT:       "the folder was removed while in use: start again",
	syscall.EXDEV:        localDisk,
	syscall.ENOTSUP:      localDisk,
	syscall.ENOSYS:       localDisk,
	syscall.ENOLCK:       localDisk,
	syscall.EMFILE:       "raise the limit on open files (ulimit -n)",
	syscall.ENAMETOOLONG: "keep the store under a shorter path",
	syscall.EIO:          "the disk fails: see the system's log, and keep the store on another one",
}

// advise adds to an error of the file system, which names the path and what happened, what to do about it.
func advise(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) && advice[errno] != "" {
		return fmt.Errorf("%w: %s", err, advice[errno])
	}
	return err
}
