package refresh_test

import (
	"context"
	"fmt"
	"io"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/airtablesim"
	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/snapshot"
)

// fullDisk is a store for which there is no room to compress a snapshot.
type fullDisk struct{ *blobtest.Memory }

func (fullDisk) PutNew(context.Context, string, io.ReadSeeker) (blob.Info, error) {
	return blob.Info{}, snapshot.MarkDiskFull(fmt.Errorf("write packed: %w", syscall.ENOSPC))
}

func TestFullDiskNamesSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	receipt := w.runOn(t.Context(), fullDisk{w.store}, job.Full)
	if receipt.Succeeded() {
		t.Fatalf("receipt %+v, want no success", receipt)
	}
	contains(t, string(receipt.Error), "the disk for temporary files is full", "no space left",
		"TMPDIR", "EphemeralStorageMb")
}

// A refresh that the parent shows to be too large for the disk or for the host's time ends
// before it lists records.
func TestRefreshThatCannotEndIsRefused(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		mode     job.Mode
		disk     int64
		within   time.Duration
		succeeds bool
		words    []string
	}{
		"disk": {job.Incremental, 1 << 10, time.Hour, false, []string{"of 153 records needs",
			"MB for temporary files", "TMPDIR", "EphemeralStorageMb"}},
		"enough disk":  {job.Incremental, 1 << 30, time.Hour, true, nil},
		"unknown disk": {job.Full, 0, time.Hour, true, nil},
		"time": {job.Full, 0, 600 * time.Millisecond, false, []string{"153 records take about 1s",
			"this host allows another", "voc refresh full"}},
		"enough time": {job.Full, 0, 2 * time.Second, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newGoingWorld(t, airtablesim.Config{})
				w.fill(150)
				w.must(job.Full, job.Published)
				time.Sleep(time.Hour)
				w.disk = row.disk
				ctx, cancel := context.WithTimeout(t.Context(), row.within)
				defer cancel()
				var receipt job.Run
				made := w.calls(func() { receipt = w.runOn(ctx, w.store, row.mode) })
				if receipt.Succeeded() != row.succeeds || !row.succeeds && made[airtablesim.List] > 0 {
					t.Errorf("%v; %+v", made, receipt)
				}
				contains(t, string(receipt.Error), row.words...)
			})
		})
	}
}
