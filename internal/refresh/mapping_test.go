package refresh_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/airtablesim"
	"voc/internal/feedback"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
)

// A changed map is applied to the stored cells. Airtable is asked only for edits.
func TestChangedMapRemapsEveryRow(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name          string
		fields, teams string
		detail        []string
	}{
		{"TEAM_MAP", "", `{"login": "Identity"}`, []string{`"team":"Identity"`}},
		{"FIELD_MAP, another field", `{"status": "Notes"}`, "", []string{`"status":"no description"`}},
		{"FIELD_MAP, more fields", `{"status": ["Status", "Priority"]}`, "", []string{`"status":"2"`}},
		{"FIELD_MAP, a field as it is anyway", `{"status": "Status"}`, "", []string{`"status":"New"`}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, airtablesim.Config{})
				w.fill(250)
				w.must(job.Full, job.Published)
				w.clock.Advance(time.Hour)
				w.Update("rec00000000000001", edit{"Status": "edited meanwhile"})
				w.fields, w.teams = row.fields, row.teams
				var receipt job.Run
				made := w.calls(func() { receipt = w.must(job.Incremental, job.Published) })
				if want := (calls{airtablesim.Schema: 1, airtablesim.List: 1}); !cmp.Equal(made, want) ||
					receipt.Mode != job.Incremental || receipt.Read != 1 {
					t.Errorf("%v, want %v; %+v", made, want, receipt)
				}
				contains(t, w.detail("rec00000000000002"), row.detail...)
				w.converged()
				w.clock.Advance(time.Hour)
				w.must(job.Incremental, job.Unchanged)
				w.must(job.Full, job.Unchanged)
			})
		})
	}
}

// Records that belong to the years by another field are not in the snapshot, so all are
// read.
func TestChangedCreatedFieldMakesFull(t *testing.T) {
	t.Parallel()
	for _, fields := range []string{`{"created": "Reported On"}`,
		`{"reported_on": ["Reported On", "Created"]}`} {
		w := newWorld(t, airtablesim.Config{})
		id := w.Create(edit{"Created": "2024-06-06T08:00:00.000Z",
			"Reported On": "2026-01-01T00:00:00.000Z"})
		w.must(job.Full, job.Published)
		w.clock.Advance(time.Hour)
		w.fields = fields
		if receipt := w.must(job.Incremental, job.Published); receipt.Mode != job.Full {
			t.Errorf("%s: %+v", fields, receipt)
		}
		if served := w.detail(id) != ""; served != (fields == `{"created": "Reported On"}`) {
			t.Errorf("%s: is served: %v", fields, served)
		}
		w.converged()
		w.clock.Advance(time.Hour)
		if receipt := w.must(job.Incremental, job.Unchanged); receipt.Mode != job.Incremental {
			t.Errorf("%s: once more a full: %+v", fields, receipt)
		}
	}
}

func TestRevertedMapGivesSameContent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.must(job.Full, job.Published)
	before := w.served(w.store)
	for _, teams := range []string{`{"export": "Data", "login": "Identity"}`, ""} {
		w.clock.Advance(time.Hour)
		w.teams = teams
		w.must(job.Incremental, job.Published)
		w.converged()
	}
	if diff := cmp.Diff(before, w.served(w.store)); diff != "" {
		t.Error(diff)
	}
}

// republish publishes the current records, and others, with another description and owner,
// as another program would.
func (w *world) republish(
	change func(meta *snapshot.Meta, owner *manifest.Owner), others ...build.Row,
) {
	w.t.Helper()
	ctx, dir := w.t.Context(), w.t.TempDir()
	parent := build.Parent{
		Records: w.current().Records, Paths: w.parts(w.store), Source: w.originals(w.store),
	}
	defer parent.Close()
	meta, owner := parent.Source.Meta(), w.manifest().Owner
	change(&meta, &owner)
	draft, err := build.Fork(ctx, dir, &parent)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, row := range others {
		if err := draft.Put(ctx, row); err != nil {
			w.t.Fatal(err)
		}
	}
	sealed, err := draft.Seal(ctx, meta)
	if err != nil {
		w.t.Fatal(err)
	}
	next := w.current()
	next.Parent = job.Nullable(next.ID)
	w.runs++
	run := job.Run{ID: fmt.Sprint("other-", w.runs), Mode: job.Full, Started: job.At(w.clock.Now()),
		Attempt: fmt.Sprint("other-", w.runs)}
	if _, run, err = w.manifests().Acquire(ctx, w.base, job.Request{}, run); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.manifests().Publish(ctx, manifest.Publication{Owner: owner, Sealed: sealed,
		Snapshot: next, Run: run, Dir: dir}); err != nil {
		w.t.Fatal(err)
	}
}

func TestNewMappingVersionRemapsRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.must(job.Full, job.Published)
	w.republish(func(meta *snapshot.Meta, _ *manifest.Owner) {
		meta.MappingVersion = feedback.MappingVersion - 1
	})
	w.clock.Advance(time.Hour)
	made := w.calls(func() { w.must(job.Incremental, job.Published) })
	if want := (calls{airtablesim.Schema: 1, airtablesim.List: 1}); !cmp.Equal(made, want) {
		t.Errorf("%v, want %v", made, want)
	}
	file := w.open(w.store)
	defer file.Close()
	meta, err := file.Meta(t.Context())
	if got := meta.MappingVersion; err != nil || got != feedback.MappingVersion {
		t.Errorf("mapped by %d, want %d", got, feedback.MappingVersion)
	}
	w.clock.Advance(time.Hour)
	w.must(job.Incremental, job.Unchanged)
}
