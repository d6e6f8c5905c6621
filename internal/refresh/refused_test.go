package refresh_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/airtablesim"
	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/manifest/manifesttest"
	"voc/internal/snapshot"
)

// dateless is a proxy that removes a header.
type dateless struct{ http.RoundTripper }

func (d dateless) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := d.RoundTripper.RoundTrip(req)
	if err == nil {
		resp.Header.Del("Date")
	}
	return resp, err
}

// wrongs are settings with which no refresh works, and words of the error.
var wrongs = []struct {
	name  string
	wrong func(w *world)
	words []string
	empty bool // only an empty store takes it for what it is
}{
	{"another token", func(w *world) { w.token = "patWrong" },
		[]string{"401", "check AIRTABLE_API_KEY"}, false},
	{"a token with a line end", func(w *world) { w.token = "patWrong\n" },
		[]string{"line end", "AIRTABLE_API_KEY"}, false},
	{"no token", func(w *world) { w.token = "" }, []string{"no token", "AIRTABLE_API_KEY"}, false},
	{"a proxy that drops Date", func(w *world) { w.http = dateless{w.http} },
		[]string{"no Date", "proxy"}, false},
	{"a proxy that drops Date, without the schema",
		func(w *world) { w.http, w.token = dateless{w.http}, dataToken }, []string{"no Date", "proxy"},
		false},
	{"another base", func(w *world) { w.base = "appWrong000000001" },
		[]string{"403", "AIRTABLE_BASE_ID"}, true},
	{"another table", func(w *world) { w.table = "Leed Bugs" },
		[]string{`no table "Leed Bugs"`, "AIRTABLE_TABLE_NAME", `nearest is "Lead Bugs"`}, false},
	{"another table, without the schema", func(w *world) { w.table, w.token = "Leed Bugs", dataToken },
		[]string{"403", "AIRTABLE_TABLE_NAME"}, true},
}

func TestWrongSettingsFailRun(t *testing.T) {
	t.Parallel()
	for _, row := range wrongs {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, airtablesim.Config{DataToken: dataToken})
			if !row.empty {
				w.must(job.Full, job.Published)
			}
			row.wrong(w)
			for _, mode := range []job.Mode{job.Full, job.Incremental} {
				receipt := w.fails(mode, row.words...)
				if diff := cmp.Diff(receipt, w.manifest().Runs[0]); diff != "" || receipt.SnapshotAfter != "" ||
					strings.Contains(string(receipt.Error), "goroutine") {
					t.Errorf("%+v; in the store otherwise: %s", receipt, diff)
				}
			}
		})
	}
}

func TestStoreOfAnotherBase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.must(job.Full, job.Published)
	theirs := w.base
	w.base = "appOther000000001"
	if made := w.calls(func() {
		w.fails(job.Full, theirs, w.base, "AIRTABLE_BASE_ID",
			"SNAPSHOT_STORE")
	}); len(made) != 0 {
		t.Errorf("it made %v", made)
	}
}

// another makes the store's table another one than Airtable's.
func (w *world) another(id, name string) {
	own, ownName := []byte(w.Base().TableID()), []byte(`"Lead Bugs"`)
	w.http = rewriting{w.http, func(path string, body []byte) []byte {
		if !strings.HasSuffix(path, "/tables") {
			return body
		}
		body = bytes.ReplaceAll(body, own, []byte(id))
		return bytes.ReplaceAll(body, ownName, []byte(`"`+name+`"`))
	}}
}

func TestStoreOfAnotherTable(t *testing.T) {
	t.Parallel()
	ruined := func(w *world) { overwrite(w, w.current().Parts[0].Key, []byte("no snapshot")) }
	for name, prepare := range map[string]func(w *world){"": func(*world) {},
		", even if its snapshot is damaged": ruined} {
		t.Run("a table of the same name"+name, func(t *testing.T) {
			w := newWorld(t, airtablesim.Config{})
			w.must(job.Full, job.Published)
			prepare(w)
			theirs := w.Base().TableID()
			w.another("tblOther000000001", "Lead Bugs")
			w.fails(job.Full, `holds table "Lead Bugs" (`+theirs+`)`, "SNAPSHOT_STORE")
		})
		t.Run("a table of another name"+name, func(t *testing.T) {
			w := newWorld(t, airtablesim.Config{DataToken: dataToken})
			w.must(job.Full, job.Published)
			prepare(w)
			w.another("tblOther000000001", "Ideas")
			w.table = "Ideas"
			w.fails(job.Full, `holds table "Lead Bugs"`, `AIRTABLE_TABLE_NAME is "Ideas"`)
			w.token = dataToken
			w.fails(job.Incremental, `holds table "Lead Bugs"`, `AIRTABLE_TABLE_NAME is "Ideas"`)
		})
	}
}

// A store made without the schema has its table only as configured, by name or by id.
func TestStoreOfTableKnownByName(t *testing.T) {
	t.Parallel()
	for _, first := range []bool{true, false} {
		for _, then := range []bool{true, false} {
			w := newWorld(t, airtablesim.Config{DataToken: dataToken})
			names := map[bool]string{true: "Lead Bugs", false: w.Base().TableID()}
			w.table, w.token = names[first], dataToken
			w.must(job.Full, job.Published)
			w.table, w.token = names[then], airtablesim.DemoToken
			w.must(job.Full, job.Published)
			if owner := w.manifest().Owner; owner.TableID != w.Base().TableID() ||
				owner.TableName != "Lead Bugs" {
				t.Errorf("by name: %v, then %v: %+v", first, then, owner)
			}
		}
	}
}

func overwrite(w *world, key string, data []byte) {
	w.t.Helper()
	info, err := w.store.Stat(w.t.Context(), key)
	if err == nil {
		_, err = w.store.Replace(w.t.Context(), key, data, info.Version)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// After a damaged parent all records are read again, and the store is valid.
func TestDamagedParentMakesFull(t *testing.T) {
	t.Parallel()
	for name, ruin := range map[string]func(w *world){
		"altered": func(w *world) { overwrite(w, w.current().Parts[0].Key, []byte("no snapshot")) },
		"gone": func(w *world) {
			if err := w.store.Delete(w.t.Context(), w.current().Parts[0].Key); err != nil {
				w.t.Fatal(err)
			}
		},
	} {
		for _, mode := range []job.Mode{job.Full, job.Incremental} {
			t.Run(name+" before "+string(mode), func(t *testing.T) {
				w := newWorld(t, airtablesim.Config{})
				w.must(job.Full, job.Published)
				w.clock.Advance(time.Hour)
				damaged := w.current()
				ruin(w)
				receipt := w.must(mode, job.Published)
				if receipt.Mode != job.Full || receipt.SnapshotBefore != job.Nullable(damaged.ID) {
					t.Errorf("receipt %+v, want mode full and the damaged snapshot before it", receipt)
				}
				warned(t, receipt, damaged.ID, "damaged", "all records are read again")
				w.converged()
			})
		}
	}
}

// A store that fails says nothing about the parent: reading all records again would not
// help.
func TestUnreachableParentFailsRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.must(job.Full, job.Published)
	for _, effect := range []blobtest.Effect{blobtest.Refused, blobtest.Cut(100)} {
		faulty := blobtest.NewFaulty(w.store)
		faulty.Inject(blobtest.Fault{Kind: blobtest.Get, N: 1, Effect: effect})
		receipt := w.runOn(t.Context(), faulty, job.Incremental)
		if contains(t, string(receipt.Error), "fetch snapshot"); receipt.Outcome != "failed" ||
			receipt.AirtableCalls != 0 {
			t.Errorf("%v: %+v", effect, receipt)
		}
	}
}

func TestDamagedManifestFailsRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.must(job.Full, job.Published)
	overwrite(w, "manifest.json", []byte("{}"))
	receipt := w.run(job.Full)
	contains(t, string(receipt.Error), "manifest.json", "damaged", "manifests/")
	if receipt.Outcome != "failed" || receipt.AirtableCalls != 0 {
		t.Errorf("receipt %+v, want outcome failed and 0 calls", receipt)
	}
	contains(t, w.log.String(), "level=ERROR", "outcome=failed")
}

// Another host takes over from a run that stopped renewing its lease. What it published
// stays, and the receipt of the fenced run says so.
func TestFencedRunChangesNothing(t *testing.T) {
	t.Parallel()
	for name, edited := range map[string]bool{"with something to publish": true,
		"with nothing new": false} {
		for _, mode := range []job.Mode{job.Full, job.Incremental} {
			t.Run(name+", "+string(mode), func(t *testing.T) {
				w := newWorld(t, airtablesim.Config{})
				w.must(job.Full, job.Published)
				w.clock.Advance(time.Hour)
				if edited {
					w.Update("rec00000000000001", edit{"Status": "Closed"})
				}
				var theirs manifest.Snapshot
				w.Before(func(c airtablesim.Call) {
					if c.Kind == airtablesim.List {
						w.clock.Advance(31 * time.Second)
						w.republish(func(meta *snapshot.Meta, _ *manifest.Owner) { meta.Program = "voc/other" })
						theirs = w.current()
					}
				})
				receipt := w.must(mode, job.Fenced)
				contains(t, string(receipt.Error), "took over", "published nothing")
				if !cmp.Equal(w.current(), theirs) {
					t.Errorf("current is %+v, want theirs", w.current())
				}
				w.Before(nil)
				w.clock.Advance(time.Hour)
				w.run(mode)
				w.converged()
			})
		}
	}
}

// Only a store that retains tens of thousands of snapshots has such a manifest.
func TestTooLargeManifestNamesSetting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	padded := func(n int) []byte {
		return manifesttest.Signed(4, `{"owner":{"table_name":"`+strings.Repeat("x", n)+`"}}`)
	}
	w.must(job.Full, job.Published)
	overwrite(w, "manifest.json", padded(16<<20-len(padded(0))))
	receipt := w.run(job.Full)
	if contains(t, string(receipt.Error), "too large", "SNAPSHOT_KEEP"); receipt.Outcome != "failed" ||
		w.unkept == nil {
		t.Errorf("receipt %+v, unkept %v, want outcome failed", receipt, w.unkept)
	}
}
