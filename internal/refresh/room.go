package refresh

import (
	"context"
	"errors"
	"fmt"
	"time"

	"voc/internal/airtable"
	"voc/internal/job"
	"voc/internal/snapshot"
)

// errNoTime is the error of a run that could not end within the time that its host gives it.
var errNoTime = errors.New("the refresh cannot end in time")

const (
	// A run needs 2.8 times the unpacked snapshot, of which the parent's files are one (the real
	// sample, November 2026): rows are staged, derived, and compressed, one part at a time. The
	// base of a delta needs no room: it is merged while it is read.
	diskTenths = 18

	// buildTime is what a record takes after the last page has come: 135 s for 500,000 records
	// on two cores, twice as long on the processor share of a function.
	buildTime = 540 * time.Microsecond
)

// checkRoom ends a run of a mode before it requests records if the parent shows that the disk
// or the time of this host cannot be enough. Without a parent the size is not known.
// Errors: snapshot.ErrDiskFull, errNoTime.
func (e *Engine) checkRoom(ctx context.Context, was parent, mode job.Mode, dir string) error {
	records := was.records()
	if records == 0 {
		return nil
	}
	needed := was.current.Bytes / 10 * diskTenths
	if free, known := e.cfg.FreeDisk(dir); known && free < needed {
		return fmt.Errorf("%w: a refresh of %d records needs %d MB for temporary files, "+
			"and %d MB are free", snapshot.ErrDiskFull, records, toMB(needed), free>>20)
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		return nil
	}
	takes := time.Duration(records) * buildTime
	if mode != job.Incremental {
		calls := e.cfg.Store.Quota().Least(mode, records)
		takes += time.Duration(float64(calls) / airtable.Rate * float64(time.Second))
	}
	if left := time.Until(deadline); takes > left {
		return fmt.Errorf("%w: %d records take about %s at Airtable's %d calls a second, and "+
			"this host allows another %s", errNoTime, records, takes.Round(time.Second),
			airtable.RequestsPerSecond, left.Round(time.Second))
	}
	return nil
}

// toMB rounds up.
func toMB(bytes int64) int64 { return (bytes + 1<<20 - 1) >> 20 }
