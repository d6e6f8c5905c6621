package refresh_test

import (
	"strings"
	"testing"
	"time"

	"voc/internal/airtablesim"
	"voc/internal/job"
)

// afterDamage returns a world with two snapshots, of which the current one is damaged.
func afterDamage(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, airtablesim.Config{})
	w.must(job.Full, job.Published)
	w.clock.Advance(time.Hour)
	w.Update("rec00000000000001", edit{"Status": "Closed"})
	w.clock.Advance(time.Hour)
	w.must(job.Incremental, job.Published)
	w.clock.Advance(time.Hour)
	overwrite(w, w.current().Parts[0].Key, []byte("no snapshot"))
	return w
}

// A damaged snapshot loses nothing that an older one has as well: the fields, the table,
// the records to confirm.
func TestDamagedParentKeepsFieldsAndTable(t *testing.T) {
	t.Parallel()
	w := afterDamage(t)
	w.RenameField("Status", "State")
	w.RenameTable("Feedback")
	receipt := w.must(job.Incremental, job.Published)
	contains(t, strings.Join(receipt.Warnings, "\n"), "damaged",
		`field "Status" is called "State" now`, `table "Lead Bugs" is called "Feedback" now`)
	// The older snapshot does not have this value.
	contains(t, w.detail("rec00000000000001"), `"status":"Closed"`)
	if receipt.Mode != job.Full {
		t.Errorf("receipt %+v, want mode full", receipt)
	}

	w = afterDamage(t)
	w.DropField("Status")
	w.refuses(job.Incremental, `field "Status"`, "is missing from the table")
}

func TestDamagedParentIsReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.must(job.Full, job.Published)
	w.Update("rec00000000000001", edit{"Status": "Closed"})
	w.clock.Advance(time.Hour)
	w.must(job.Incremental, job.Published)
	w.Update("rec00000000000001", edit{"Status": "Open"}) // as in the first snapshot
	overwrite(w, w.current().Parts[0].Key, []byte("no snapshot"))
	w.clock.Advance(time.Hour)
	w.must(job.Incremental, job.Published)
	w.converged()
}

func TestNewlyMappedFieldUsesStoredCells(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.AddField("Severity", "singleLineText")
	w.Update("rec00000000000001", edit{"Severity": "Grave"})
	w.must(job.Full, job.Published)
	w.clock.Advance(time.Hour)
	w.fields = `{"source":"Severity"}`
	if receipt := w.must(job.Incremental, job.Published); receipt.Mode != job.Incremental ||
		receipt.AirtableCalls != 2 {
		t.Errorf("receipt %+v, want mode incremental and 2 calls", receipt)
	}
	contains(t, w.detail("rec00000000000001"), `"source":"Grave"`)
	w.converged()
}

func TestMissingFieldMappedToNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.must(job.Full, job.Published)
	w.clock.Advance(time.Hour)
	w.DropField("Status")
	w.refuses(job.Incremental, `set it to [] there to do without`)
	w.fields = `{"status":[]}`
	w.must(job.Incremental, job.Published)
	w.converged()
}

func TestLostScopeKeepsRenamedFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{DataToken: dataToken})
	w.must(job.Full, job.Published)
	w.clock.Advance(time.Hour)
	w.RenameField("Status", "State")
	w.must(job.Incremental, job.Published)
	before := w.detail("rec00000000000001")
	contains(t, before, `"status":"Open"`)
	w.token = dataToken
	for range 2 {
		w.clock.Advance(time.Hour)
		if receipt := w.run(job.Incremental); !receipt.Succeeded() {
			t.Fatalf("receipt %+v, want success", receipt)
		}
		if now := w.detail("rec00000000000001"); now != before {
			t.Errorf("%s, want %s", now, before)
		}
	}
}
