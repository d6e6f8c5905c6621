package manifest_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/snapshot"
)

var update = flag.Bool("update", false, "write the golden files")

// Stores hold manifests like the golden one. A change of it must stay readable, or raise
// the format.
func TestManifestGolden(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	c := manifest.New(store, 2, quota, quiet)
	for _, run := range []string{"full-1", "full-2", "full-3"} {
		publish(t, c, bytesOf(t, run), run)
		clock.Advance(time.Minute)
	}
	run := receipt("incremental-4")
	run.Mode, run.Started, run.Warnings = job.Incremental, job.At(noon.Add(time.Hour)),
		[]string{`field "A <b>" is called "C" now`}
	run.AirtableStarted, run.AirtableFinished = job.At(noon), job.At(noon.Add(time.Second))
	run.Filter, run.SchemaSHA256, run.ContentSHA256, run.ComputedSHA256 = "IS_AFTER({fld1}, 'x')",
		"aa", "bb", "cc"
	if _, err := c.Confirm(t.Context(), leased(t, c, run),
		manifest.Confirmation{Snapshot: current(t, c).ID, Watermark: noon.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	run = receipt("sweep-5")
	run.Mode, run.Trigger, run.Started, run.Final, run.QuotaUsedUp = job.Sweep, job.TriggerSchedule,
		job.At(noon.Add(2*time.Hour)), true, true
	fail(t, c, leased(t, c, run))
	rollback(t, c, "rollback-6", job.Previous)
	golden := filepath.Join("testdata", "manifest.golden.json")
	got := content(t, store, manifestKey)
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(indent(t, want), indent(t, got)); diff != "" {
		t.Errorf("run with -update if that is meant:\n%s", diff)
	}
	before := load(t, c)
	overwrite(t, store, manifestKey, want)
	if diff := cmp.Diff(before, load(t, c)); diff != "" {
		t.Errorf("the golden manifest reads otherwise than what was written:\n%s", diff)
	}
}

// A manifest of format 4 has no bases, and keys without the kind of a part.
func TestManifestOfFormat4(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "manifest.format4.json"))
	if err != nil {
		t.Fatal(err)
	}
	store, _ := newStore()
	overwrite(t, store, manifestKey, text)
	m := load(t, open(store))
	if len(m.Snapshots) != 2 {
		t.Fatalf("%d snapshots", len(m.Snapshots))
	}
	for _, s := range m.Snapshots {
		serve, source := s.Part(snapshot.Serve), s.Part(snapshot.Sources)
		if serve.Key != "snapshots/"+s.ID+".sqlite.zst" || source.Key != "sources/"+s.ID+".sqlite.zst" ||
			serve.Bytes+source.Bytes != s.Bytes {
			t.Errorf("%s: %+v", s.ID, s.Parts)
		}
	}
	publish(t, open(store), bytesOf(t, "full-7"), "full-7")
	rewritten := load(t, open(store))
	if diff := cmp.Diff(m.Snapshots, rewritten.Snapshots[1:]); diff != "" {
		t.Errorf("written in this format: %s", diff)
	}
}

// The golden manifest has no lease, since its holder is another process each time.
func TestLeaseGolden(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	run := job.Run{ID: "full-1", Mode: job.Full, Trigger: job.TriggerCLI, Started: job.At(noon),
		Attempt: "a", Pages: 3}
	if _, _, err := open(store).Acquire(t.Context(), base, job.Request{Accept: true},
		run); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Second)
	record(t, open(store), "other") // carries the time over
	lease := load(t, open(store)).Lease
	lease.Holder = job.Holder{Host: "h", PID: 7, Space: "boot pid:[1]", Started: "99"}
	got, err := json.Marshal(lease)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"run":{"id":"full-1","mode":"full","trigger":"cli",` +
		`"started":"2026-11-23T12:00:00.000Z","finished":null,"outcome":null,` +
		`"read":0,"added":0,"changed":0,"removed":0,"unchanged":0,"pages":3,` +
		`"airtable_calls":0,"throttled":0,"retries":0,"bytes":0,` +
		`"snapshot_before":null,"snapshot_after":null,"joined_run":null,"error":null,` +
		`"airtable_started":null,"airtable_finished":null,"attempt":"a","fence":1},` +
		`"accept":true,"holder":{"host":"h","pid":7,"space":"boot pid:[1]","started":"99"},` +
		`"renewed":"2026-11-23T12:00:00.000Z"}`
	if diff := cmp.Diff(indent(t, []byte(want)), indent(t, got)); diff != "" {
		t.Error(diff)
	}
}

func indent(t *testing.T, data []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	text, _ := json.MarshalIndent(v, "", " ")
	return string(text)
}
