//go:build linux || darwin

package app

import "syscall"

// freeDisk returns how many bytes can be written to the disk of a directory; known is false
// if the system does not tell.
func freeDisk(dir string) (free int64, known bool) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		return 0, false
	}
	block := int64(disk.Bsize)              //nolint:unconvert // it has 32 bits on macOS
	return int64(disk.Bavail) * block, true // #nosec G115 -- no disk has 8 EiB
}
