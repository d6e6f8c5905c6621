package manifest_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/snapshot"
)

// publishDeltas publishes n snapshots, a minute apart, of which all but the first are deltas.
func publishDeltas(t *testing.T, c *manifest.Store, clock *clock, n int) (all []manifest.Snapshot) {
	t.Helper()
	for i := range n {
		file := paged(t, pages(20, fmt.Sprint(i), 1)...)
		all = append(all, publishEdit(t, c, file, fmt.Sprint("run-", i)))
		clock.Advance(time.Minute)
	}
	return all
}

// The base of a delta outlives its own snapshot. It is deleted an hour after the last snapshot
// that needs it is dropped.
func TestBaseIsRetainedWhileNeeded(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	c := manifest.New(store, 2, quota, quiet)
	all := publishDeltas(t, c, clock, 5)
	base := all[0].Parts[0].Key
	has := func(when string, want bool) {
		t.Helper()
		if got := slices.Contains(keys(t, store, "snapshots/"), base); got != want {
			t.Errorf("%s: the base is in the store: %t, want %t", when, got, want)
		}
	}
	for range 3 { // so long that it would be an orphan
		clock.Advance(25 * time.Hour)
		s := current(t, c)
		if s.Parts[0].Base.Key != base || len(load(t, c).Snapshots) < 2 {
			t.Fatalf("parts %+v, want a delta of %s in one of two snapshots", s.Parts, base)
		}
		has("of a current delta", true)
		if _, err := c.Fetch(t.Context(), s, snapshot.Serve, t.TempDir()); err != nil {
			t.Error(err)
		}
		run := fmt.Sprint("run-", clock.Now().Unix())
		publishEdit(t, c, paged(t, pages(20, run, 1)...), run)
	}
	clock.Advance(31 * 24 * time.Hour)
	for i := range 3 {
		run := fmt.Sprint("full-", i)
		publish(t, c, paged(t, pages(20, run, count(20)...)...), run)
		has("in an hour after "+run, true)
		clock.Advance(50 * time.Minute) // the second drops the last delta
	}
	publish(t, c, paged(t, pages(20, "end", count(20)...)...), "full-9")
	has("an hour later", false)
	holds(t, store, allParts, named(load(t, c)))
}

// A base that shows too much is deleted with the deltas, also if its snapshot was dropped
// before.
func TestExposedBaseIsPurged(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	publishDeltas(t, manifest.New(store, 2, quota, quiet), clock, 5)
	c := manifest.New(store, 2, quota, quiet).Hiding(hiding)
	p := publication(t, paged(t, pages(20, "hidden", 1)...), receipt("remap-1"), load(t, c).Current)
	p.Parent, p.Snapshot.Private = fetched(t, c), hiding
	if _, err := put(t.Context(), c, p); err != nil {
		t.Fatal(err)
	}
	holds(t, store, allParts, keysOf([]manifest.Snapshot{current(t, c)}))
}

// An operator replaces the manifest by one that does not know what a publication is a delta of.
func TestPublishRejectsLostBase(t *testing.T) {
	t.Parallel()
	store, clock := newStore()
	c := open(store)
	publishDeltas(t, c, clock, 3)
	parent := fetched(t, c)
	m := load(t, c)
	for i := range m.Snapshots {
		m.Snapshots[i].Parts = bytesParts(m.Snapshots[i])
	}
	text, err := manifest.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	overwrite(t, store, manifestKey, text)
	p := publication(t, paged(t, pages(20, "next", 1)...), receipt("run-9"), m.Current)
	p.Parent = parent
	_, err = put(t.Context(), c, p)
	fails(t, err, manifest.ErrBaseLost)
}

// A file of the parent that has changed since it was fetched is no measure: the pages that it
// shares with the next one may be no other host's.
func TestPublishDistrustsChangedParent(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := open(store)
	publish(t, c, paged(t, pages(20, "")...), "full-1")
	next := paged(t, pages(20, "new", 1, 2)...)
	for name, spoil := range map[string]func(p *manifest.Publication) error{
		"a page of the next file": func(p *manifest.Publication) error {
			old, err := os.ReadFile(p.Parent[0].Path)
			if err == nil {
				var content []byte
				content, err = os.ReadFile(next.Parts[snapshot.Serve].Path)
				copy(old, content[:pageSize])
			}
			return errors.Join(err, os.WriteFile(p.Parent[0].Path, old, 0o600))
		},
		"the next file": func(p *manifest.Publication) error {
			p.Parent[0].Path = next.Parts[snapshot.Serve].Path
			return nil
		},
		"a longer file": func(p *manifest.Publication) error {
			return os.Truncate(p.Parent[0].Path, 30*pageSize)
		},
	} {
		run := leased(t, c, receipt("run-"+strings.ReplaceAll(name, " ", "-")))
		p := publication(t, next, run, load(t, c).Current)
		p.Parent = fetched(t, c)
		if err := spoil(&p); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Publish(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		s := current(t, c)
		if s.Parts[0].Base.Key != "" {
			t.Errorf("%s: %+v", name, s.Parts[0])
		}
		mustFetch(t, store, fetching{s, next, []string{s.Parts[0].Key}, nil})
		publish(t, c, paged(t, pages(20, "")...), "full-after-"+run.ID)
	}
}

// bytesParts returns parts with other keys.
func bytesParts(s manifest.Snapshot) (parts []manifest.Part) {
	for _, part := range s.Parts {
		part.Key, part.Base = "snapshots/of-an-operator", manifest.Base{}
		parts = append(parts, part)
	}
	return parts
}

// What a publication costs: its store operations, and the bytes that it writes beside the
// manifest.
func TestPublicationCosts(t *testing.T) {
	t.Parallel()
	before := pages(1000, "")
	for name, row := range map[string]struct {
		next    []string
		objects int
		bytes   int
	}{
		"nothing changed":     {before, 0, 0},
		"a page changed":      {pages(1000, "new", 7), 2, 2 * (pageSize + 100)},
		"everything changed":  {pages(1000, "new", count(1000)...), 2, 2*1000*pageSize + 1000},
		"ten pages were new":  {pages(1010, "new", 1), 2, 2 * (11*(pageSize+4) + 100)},
		"half of them went":   {pages(500, "new", 1), 2, 2 * (pageSize + 100)},
		"a quarter and a one": {pages(1000, "new", count(251)...), 2, 2*1000*pageSize + 1000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, _ := newStore()
			c := open(store)
			publish(t, c, paged(t, before...), "full-1")
			p := publication(t, paged(t, row.next...), leased(t, c, receipt("run-2")), load(t, c).Current)
			p.Parent = fetched(t, c)
			faulty := blobtest.NewFaulty(store)
			if _, err := open(faulty).Publish(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			want := slices.Repeat([]blobtest.Kind{blobtest.PutNew}, row.objects)
			want = append(want, blobtest.GetIfChanged, blobtest.Replace, // the manifest
				blobtest.PutNew, blobtest.List, // its copy
				blobtest.List, blobtest.List) // orphans
			var got []blobtest.Kind
			for _, op := range faulty.Log() {
				got = append(got, op.Kind)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%v", faulty.Log())
			}
			size := 0
			for _, op := range faulty.Log()[:row.objects] {
				size += len(content(t, store, op.Key))
			}
			if size > row.bytes {
				t.Errorf("%d bytes are written, want at most %d", size, row.bytes)
			}
		})
	}
}

// history is a store, what its snapshots must be, and a host that fetched some of them.
type history struct {
	t     *testing.T
	c     *manifest.Store
	store *blobtest.Memory
	clock *clock
	files map[string]snapshot.Sealed // by the snapshot's id
	texts map[string][]string        // the same
	have  []manifest.Local
	runs  int
}

// TestRandomHistoryOfDeltas publishes files that differ a little or much, rolls back, repairs the
// manifest and lets time pass. Whatever is retained can be fetched, from nothing and from any
// earlier file.
func TestRandomHistoryOfDeltas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		h := &history{t: t, files: map[string]snapshot.Sealed{}, texts: map[string][]string{}}
		h.store, h.clock = newStore()
		h.c = manifest.New(h.store, 2, quota, quiet)
		do := map[string]func(*rapid.T){"edit": h.edit, "rollback": h.rollback, "repair": h.repair}
		acts := []string{"edit", "edit", "edit", "edit", "rollback", "repair"}
		for range rapid.IntRange(2, 12).Draw(rt, "acts") {
			do[rapid.SampledFrom(acts).Draw(rt, "act")](rt)
			h.check(rt)
			h.clock.Advance(time.Duration(rapid.IntRange(0, 30).Draw(rt, "hours")) * time.Hour)
		}
	})
}

func (h *history) edit(rt *rapid.T) {
	h.runs++
	m := load(h.t, h.c)
	texts := slices.Clone(h.texts[string(m.Current)])
	if texts == nil {
		texts = pages(16, "")
	}
	run := fmt.Sprint("run-", h.runs)
	texts = slices.Concat(texts, pages(3, run))[:len(texts)+rapid.IntRange(-1, 1).Draw(rt, "growth")]
	for range rapid.SampledFrom([]int{0, 1, 2, 3, 9}).Draw(rt, "changes") {
		texts[rapid.IntRange(0, len(texts)-1).Draw(rt, "page")] = run
	}
	file := paged(h.t, texts...)
	p := publication(h.t, file, receipt(run), m.Current)
	p.Snapshot.CreatedAt = job.At(h.clock.Now())
	p.Parent = fetched(h.t, h.c)
	if _, err := put(h.t.Context(), h.c, p); err != nil {
		rt.Fatal(err)
	}
	s := current(h.t, h.c)
	h.files[s.ID], h.texts[s.ID] = file, texts
}

func (h *history) rollback(rt *rapid.T) {
	if m := load(h.t, h.c); len(m.Snapshots) > 0 {
		h.runs++
		to := rapid.SampledFrom(m.Snapshots).Draw(rt, "to").ID
		rollback(h.t, h.c, fmt.Sprint("rollback-", h.runs), to)
	}
}

// repair continues from the newest copy.
func (h *history) repair(rt *rapid.T) {
	if len(load(h.t, h.c).Snapshots) == 0 {
		return
	}
	overwrite(h.t, h.store, manifestKey, nil)
	h.runs++
	_, run, err := accept(h.t.Context(), h.c, receipt(fmt.Sprint("repair-", h.runs)))
	if err != nil {
		rt.Fatal(err)
	}
	fail(h.t, h.c, run)
}

func (h *history) check(rt *rapid.T) {
	m, dir := load(h.t, h.c), h.t.TempDir()
	for i, s := range m.Snapshots {
		var have []manifest.Local
		if s.ID == string(m.Current) {
			have = h.have
		} else if i > 3 {
			continue
		}
		local, err := h.c.Fetch(h.t.Context(), s, snapshot.Serve, dir, have...)
		if err != nil || local.Part.SHA256 != h.files[s.ID].Parts[snapshot.Serve].SHA256 {
			rt.Fatalf("%s is another file: %v", s.ID, err)
		}
		if s.ID == string(m.Current) {
			h.have = []manifest.Local{local}
		}
	}
}
