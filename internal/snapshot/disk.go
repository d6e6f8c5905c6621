package snapshot

import (
	"errors"
	"fmt"
	"syscall"

	"modernc.org/sqlite"
)

// ErrDiskFull is returned if the disk for temporary files has no room. Two unpacked
// snapshots must fit.
var ErrDiskFull = errors.New("the disk for temporary files is full")

// sqliteFull is SQLite's result code of a write for which the disk has no room
// (sqlite.org/rescode.html).
const sqliteFull = 13

// MarkDiskFull adds ErrDiskFull to the error of a write, if the cause is a disk without
// room.
func MarkDiskFull(err error) error {
	known, ok := errors.AsType[*sqlite.Error](err)
	full := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
	if full || ok && known.Code() == sqliteFull {
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	}
	return err
}

// Wrap says what the snapshot or its draft was doing, and marks a full disk; nil stays nil.
func Wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("snapshot: %s: %w", doing, MarkDiskFull(err))
}
