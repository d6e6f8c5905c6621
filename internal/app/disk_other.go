//go:build !linux && !darwin

package app

// freeDisk reports that the free space of a disk is unknown here.
func freeDisk(string) (free int64, known bool) { return 0, false }
