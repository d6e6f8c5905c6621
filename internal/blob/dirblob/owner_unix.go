//go:build unix

package dirblob

import (
	"io/fs"
	"os"
	"syscall"
)

func ownerOf(file fs.FileInfo) owner {
	if stat, ok := file.Sys().(*syscall.Stat_t); ok {
		return owner{int(stat.Uid), int(stat.Gid)}
	}
	return owner{}
}

func openNoFollow(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW, 0)
}
