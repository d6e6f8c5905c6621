package snapshot

import (
	"errors"
	"fmt"
	"syscall"

	"modernc.org/sqlite"
)

// errFull is what to do about a disk for temporary files that is full.
var errFull = errors.New("two unpacked snapshots must fit there: free space where TMPDIR is; " +
	"a function has what the parameter EphemeralStorageMb gives it")

// sqliteFull is SQLite's result code of a write for which the disk has no room
// (sqlite.org/rescode.html).
const sqliteFull = 13

// Advise adds to the error of a write what to do about it, if the disk for temporary
// files is full.
func Advise(err error) error {
	known, ok := errors.AsType[*sqlite.Error](err)
	full := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
	if full || ok && known.Code() == sqliteFull {
		return fmt.Errorf("%w: %w", err, errFull)
	}
	return err
}
