//go:build unix

package refresh

import "golang.org/x/sys/unix"

// freeSpace returns how many bytes this process may still write on the disk of a folder.
func freeSpace(dir string) (uint64, error) {
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		return 0, err
	}
	// The types differ between systems.
	return uint64(disk.Bavail) * uint64(disk.Bsize), nil //nolint:gosec,unconvert // said above
}
