package refresh_test

import (
	"context"
	"fmt"
	"io"
	"syscall"
	"testing"

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
		t.Fatalf("%+v", receipt)
	}
	contains(t, string(receipt.Error), "the disk for temporary files is full", "no space left",
		"TMPDIR", "EphemeralStorageMb")
}
