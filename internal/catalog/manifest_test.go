package catalog_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/blob/blobtest"
	"voc/internal/catalog"
)

var update = flag.Bool("update", false, "write the golden files")

// The golden manifest is what lies in stores: a change of it must stay readable, or raise the format.
func TestTheManifestIsWrittenAsEver(t *testing.T) {
	store, clock := newStore()
	c := catalog.New(store, 1, quiet)
	publish(t, c, bytesOf(t, "full-1"), "full-1")
	clock.Advance(time.Minute)
	s := publish(t, c, bytesOf(t, "full-2"), "full-2")
	run := receipt("incremental-3")
	run.Mode, run.Started, run.Warnings = catalog.Incremental, catalog.At(noon.Add(time.Hour)), []string{`field "A <b>" is called "C" now`}
	if _, err := c.Confirm(t.Context(), run, catalog.Confirmation{Snapshot: s.ID, Watermark: noon.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	run = failed("full-4")
	run.Started = catalog.At(noon.Add(2 * time.Hour))
	if _, err := c.Record(t.Context(), run); err != nil {
		t.Fatal(err)
	}
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
	overwrite(t, store, manifestKey, want)
	if m := load(t, c); m.Generation != 4 || m.Current != catalog.Nullable(s.ID) || len(m.Dropped) != 1 || len(m.Runs) != 4 {
		t.Errorf("the golden manifest reads as %+v", m)
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

// signed wraps a manifest's text as a store has it.
func signed(format int, manifest string) []byte {
	digest := sha256.Sum256([]byte(manifest))
	return fmt.Appendf(nil, `{"format":%d,"sha256":%q,"manifest":%s}`, format, hex.EncodeToString(digest[:]), manifest)
}

// damages are what may become of a manifest, and what is said of it.
var damages = []struct {
	name   string
	change func(manifest []byte) []byte
	err    error
	says   string
}{
	{"empty", func([]byte) []byte { return nil }, catalog.ErrDamaged, "damaged"},
	{"one byte", func(m []byte) []byte { return m[:1] }, catalog.ErrDamaged, "damaged"},
	{"cut in the middle", func(m []byte) []byte { return m[:len(m)/2] }, catalog.ErrDamaged, "damaged"},
	{"its last byte missing", func(m []byte) []byte { return m[:len(m)-1] }, catalog.ErrDamaged, "damaged"},
	{"a count altered", func(m []byte) []byte { return replaced(m, `"airtable_calls":7`, `"airtable_calls":8`) }, catalog.ErrDamaged, "SHA-256 does not match"},
	{"an id altered", func(m []byte) []byte { return replaced(m, `"current":"full-2`, `"current":"full-1`) }, catalog.ErrDamaged, "SHA-256 does not match"},
	{"the digest altered", func(m []byte) []byte { return replaced(m, `"sha256":"`, `"sha256":"0`) }, catalog.ErrDamaged, "SHA-256 does not match"},
	{"more after its end", func(m []byte) []byte { return append(m, m...) }, catalog.ErrDamaged, "damaged"},
	{"an object of something else", func([]byte) []byte { return []byte(`{"name":"site","icons":[]}`) }, catalog.ErrDamaged, "damaged"},
	{"null", func([]byte) []byte { return []byte(`null`) }, catalog.ErrDamaged, "damaged"},
	{"a list", func([]byte) []byte { return []byte(`[1]`) }, catalog.ErrDamaged, "damaged"},
	{"whole, of another shape", func([]byte) []byte { return signed(2, `{"snapshots":7}`) }, catalog.ErrDamaged, "damaged"},
	{"format 0", func([]byte) []byte { return signed(0, `{}`) }, catalog.ErrDamaged, "damaged"},
	{"a newer format", func([]byte) []byte { return signed(3, `{}`) }, catalog.ErrNewer, "its format is 3, this program knows 2: upgrade"},
	{"gone", func([]byte) []byte { return nil }, catalog.ErrDamaged, "it is gone"},
}

func replaced(text []byte, old, with string) []byte {
	if strings.Count(string(text), old) == 0 {
		panic("there is no " + old)
	}
	return []byte(strings.Replace(string(text), old, with, 1))
}

// damage does to the store's manifest what a row says.
func damage(t *testing.T, store *blobtest.Memory, name string, change func([]byte) []byte) {
	t.Helper()
	if name != "gone" {
		overwrite(t, store, manifestKey, change(content(t, store, manifestKey)))
	} else if err := store.Delete(t.Context(), manifestKey); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedManifestIsRefusedByNameAndNeverOverwritten(t *testing.T) {
	for _, row := range damages {
		t.Run(row.name, func(t *testing.T) {
			store, _ := newStore()
			c := open(store)
			publish(t, c, bytesOf(t, "full-1"), "full-1")
			s := publish(t, c, bytesOf(t, "full-2"), "full-2")
			damage(t, store, row.name, row.change)
			before := keys(t, store, "")
			_, loading := c.Load(t.Context())
			_, publishing := c.Publish(t.Context(), publication(t, bytesOf(t, "full-3"), receipt("full-3"), catalog.Nullable(s.ID)))
			_, confirming := c.Confirm(t.Context(), receipt("full-3"), catalog.Confirmation{Snapshot: s.ID, Watermark: noon})
			_, recording := c.Record(t.Context(), failed("full-3"))
			for _, err := range []error{loading, publishing, confirming, recording} {
				fails(t, err, row.err)
				says(t, fmt.Sprint(err), "manifest.json in memory:", row.says)
			}
			if after := keys(t, store, ""); len(after) != len(before)+1 { // the snapshot that was not published
				t.Errorf("%q became %q", before, after)
			}
			_, again := c.Load(t.Context())
			fails(t, again, row.err)
		})
	}
}

// Two processes may begin on an empty store: that one of them finds the other's first copy is no damage.
func TestAManifestThatIsJustBeingMadeIsNotGone(t *testing.T) {
	store, _ := newStore()
	faulty := blobtest.NewFaulty(store)
	faulty.Inject(blobtest.Fault{Kind: blobtest.List, N: 1, Effect: blobtest.Before(func() { publish(t, open(store), bytesOf(t, "full-1"), "full-1") })})
	if _, err := open(faulty).Record(t.Context(), failed("full-2")); err != nil {
		t.Fatal(err)
	}
	if m := load(t, open(store)); len(m.Runs) != 2 || len(m.Snapshots) != 1 {
		t.Errorf("%+v", m)
	}
}

// Whatever lies there, it is read as a manifest or refused; what is read can be written and is the same again.
func FuzzLoad(f *testing.F) {
	store, _ := newStore()
	publish(f, open(store), bytesOf(f, "full-2"), "full-2")
	whole := content(f, store, manifestKey)
	for _, row := range damages {
		f.Add(row.change(bytes.Clone(whole)), false)
	}
	f.Add(whole, false)
	for _, inner := range []string{`{}`, `null`, `{"generation":-1}`, `{"runs":[{"error":"\ud800 <\u2028"}],"calls":{"":0}}`, `{"snapshots":[{"created_at":"2026-11-23T12:00:00+01:00"}]}`} {
		f.Add([]byte(inner), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, sign bool) {
		if sign && json.Valid(data) {
			data = signed(1, string(data))
		}
		store, _ := newStore()
		overwrite(t, store, manifestKey, data)
		m, err := open(store).Load(t.Context())
		if err != nil {
			if !errors.Is(err, catalog.ErrDamaged) && !errors.Is(err, catalog.ErrNewer) {
				t.Fatalf("error %v", err)
			}
			return
		}
		if _, err := open(store).Record(t.Context(), failed("run")); err != nil {
			t.Fatal(err)
		}
		again := load(t, open(store))
		if again.Generation != m.Generation+1 && m.Generation < 1<<62 || !cmp.Equal(again.Snapshots, m.Snapshots) || again.Current != m.Current {
			t.Errorf("%+v became %+v", m, again)
		}
	})
}
