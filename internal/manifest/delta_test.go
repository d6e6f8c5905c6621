package manifest_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"voc/internal/blob/blobtest"
	"voc/internal/feedback"
	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/snapshot"
)

// pages returns the texts of a file of n pages, of which some have another text.
func pages(n int, text string, changed ...int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprint("page ", i+1)
	}
	for _, page := range changed {
		texts[page-1] = fmt.Sprint(text, page)
	}
	return texts
}

// readKeys lists the keys of the objects that were read since, sorted.
func readKeys(faulty *blobtest.Faulty, since int) (keys []string) {
	for _, op := range faulty.Log()[since:] {
		if op.Kind == blobtest.Get {
			keys = append(keys, op.Key)
		}
	}
	slices.Sort(keys)
	return keys
}

// fetching is a fetch of the serve part of a snapshot that a host has some parts of: it should
// give the file and read these objects.
type fetching struct {
	of      manifest.Snapshot
	file    snapshot.Sealed
	objects []string
	have    []manifest.Local
}

// mustFetch fetches from a store.
func mustFetch(t *testing.T, store *blobtest.Memory, f fetching) manifest.Local {
	t.Helper()
	faulty, dir := blobtest.NewFaulty(store), t.TempDir()
	local, err := open(faulty).Fetch(t.Context(), f.of, snapshot.Serve, dir, f.have...)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := os.ReadFile(local.Path)
	want, err := os.ReadFile(f.file.Parts[snapshot.Serve].Path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is another file, of %d bytes instead of %d (%v)", f.of.ID, len(got), len(want), err)
	}
	if read := readKeys(faulty, 0); !slices.Equal(read, f.objects) {
		t.Errorf("%s: %q were read, want %q", f.of.ID, read, f.objects)
	}
	if left := entries(t, dir); len(left) != 1 {
		t.Errorf("left behind: %q", left)
	}
	return local
}

// A part that has changed in few pages is stored as these pages. A host that has the parent
// fetches nothing else, and one that has nothing fetches the base as well.
func TestSmallChangeIsStoredAsDelta(t *testing.T) {
	t.Parallel()
	before := pages(100, "")
	odd := largePages(t)
	for name, row := range map[string]struct {
		next  snapshot.Sealed
		delta bool
		pages int
	}{
		"nothing but the first page": {paged(t, pages(100, "new", 1)...), true, 1},
		"some pages":                 {paged(t, pages(100, "new", 1, 7, 50, 100)...), true, 4},
		"a quarter":                  {paged(t, pages(100, "new", count(25)...)...), true, 25},
		"more than a quarter":        {paged(t, pages(100, "new", count(26)...)...), false, 0},
		"more pages":                 {paged(t, pages(110, "new", 1)...), true, 11},
		"many more pages":            {paged(t, pages(200, "new", 1)...), false, 0},
		"fewer pages":                {paged(t, pages(60, "new", 1)...), true, 1},
		"one page":                   {paged(t, "alone"), false, 0},
		"pages of another size":      {odd, false, 0},
		"no SQLite file":             {bytesOf(t, "text"), false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, _ := newStore()
			c := open(store)
			first := publish(t, c, paged(t, before...), "full-1")
			have := fetched(t, c)
			next := publishEdit(t, c, row.next, "incremental-2")
			part, base := next.Parts[0], first.Parts[0]
			if isDelta := part.Base.Key != ""; isDelta != row.delta {
				t.Fatalf("%+v follows %+v, want a delta: %t", part, base, row.delta)
			}
			if !row.delta {
				says(t, part.Key, "snapshots/"+next.ID+".serve.sqlite.zst")
				mustFetch(t, store, fetching{next, row.next, []string{part.Key}, have})
				return
			}
			if want := (manifest.Base{Key: base.Key, Bytes: base.Bytes, CreatedAt: first.CreatedAt}); part.
				Base != want || !strings.HasPrefix(part.Key, "snapshots/"+next.ID+".serve.") ||
				!strings.HasSuffix(part.Key, ".delta.zst") {
				t.Errorf("part %+v, want a delta of %s whose key has its digest", part, want.Key)
			}
			// Each page has its number before it, and its bytes do not compress.
			size := len(content(t, store, part.Key))
			if least := row.pages * pageSize; size < least || size > least+4*row.pages+200 {
				t.Errorf("%d bytes for %d pages", size, row.pages)
			}
			mustFetch(t, store, fetching{next, row.next, []string{part.Key}, have})
			both := []string{part.Key, base.Key}
			slices.Sort(both)
			mustFetch(t, store, fetching{next, row.next, both, nil})
		})
	}
}

// count returns the numbers from 1 to n.
func count(n int) (all []int) {
	for i := range n {
		all = append(all, i+1)
	}
	return all
}

// largePages returns files whose header tells pages of 1,024 bytes.
func largePages(t *testing.T) snapshot.Sealed {
	t.Helper()
	file := paged(t, pages(100, "new", 1)...)
	for kind, part := range file.Parts {
		content, err := os.ReadFile(part.Path)
		if err != nil {
			t.Fatal(err)
		}
		content[16] = 4
		file.Parts[kind] = written(t, part.Path, string(content))
	}
	return file
}

// A file that has not changed keeps its object, also through later deltas.
func TestUnchangedPartSharesItsObject(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := manifest.New(store, 10, quota, quiet)
	one, two := paged(t, pages(20, "")...), paged(t, pages(20, "new", 1)...)
	var all []manifest.Snapshot
	for i, file := range []snapshot.Sealed{one, one, two, two} {
		all = append(all, publishEdit(t, c, file, fmt.Sprint("run-", i)))
	}
	for _, i := range []int{0, 2} {
		if !slices.Equal(all[i].Parts, all[i+1].Parts) || all[i].ID == all[i+1].ID {
			t.Errorf("%+v and %+v, want two snapshots of the same parts", all[i], all[i+1])
		}
	}
	if all[2].Parts[0].Base.Key != all[0].Parts[0].Key {
		t.Errorf("parts %+v, want a delta of %s", all[2].Parts, all[0].Parts[0].Key)
	}
	holds(t, store, allParts, keysOf(all))
	have := mustFetch(t, store, fetching{
		all[3], two, sorted(all[3].Parts[0].Key, all[0].Parts[0].Key), nil,
	})
	mustFetch(t, store, fetching{all[2], two, nil, []manifest.Local{have}})
	mustFetch(t, store, fetching{
		all[0], one, []string{all[0].Parts[0].Key}, []manifest.Local{have},
	})
}

func sorted(keys ...string) []string { return slices.Sorted(slices.Values(keys)) }

// A delta has the pages of all deltas since its base, so any file of the base will do. One of
// another line, as after a rollback, or one that was damaged does not: then all is fetched.
func TestFetchFromAnyFileOfTheBase(t *testing.T) {
	t.Parallel()
	store, _ := newStore()
	c := manifest.New(store, 10, quota, quiet)
	var files []snapshot.Sealed
	var all []manifest.Snapshot
	var have []manifest.Local
	add := func(texts []string) {
		t.Helper()
		file := paged(t, texts...)
		s := publishEdit(t, c, file, fmt.Sprint("run-", len(all)))
		files, all = append(files, file), append(all, s)
		have = append(have, fetched(t, c)[0])
	}
	add(pages(40, ""))
	add(pages(40, "b", 1, 2))
	add(pages(42, "c", 1, 3))  // page 2 is as before b
	add(pages(39, "d", 1, 4))  // fewer pages
	add(pages(42, "e", 1, 42)) // pages 40 and 41 are back
	last := all[4].Parts[0]
	for i := range have[:4] {
		mustFetch(t, store, fetching{all[4], files[4], []string{last.Key}, []manifest.Local{have[i]}})
	}
	rollback(t, c, "rollback-5", all[1].ID)
	add(pages(40, "f", 1, 5))
	branch := all[5].Parts[0]
	if branch.Base != last.Base {
		t.Fatalf("parts %+v and %+v, want one base", branch, last)
	}
	whole := sorted(branch.Key, branch.Base.Key)
	mustFetch(t, store, fetching{
		all[5], files[5], []string{branch.Key}, []manifest.Local{have[1]},
	})
	mustFetch(t, store, fetching{
		all[5], files[5], sorted(append(whole, branch.Key)...), []manifest.Local{have[2]},
	})
	for _, damage := range []func(path string) error{
		func(path string) error { return os.Truncate(path, 10*pageSize) },
		func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte("x"), 1e4), 0o600) },
		func(path string) error { return os.Truncate(path, 0) },
		os.Remove,
	} {
		if err := damage(have[0].Path); err != nil {
			t.Fatal(err)
		}
		mustFetch(t, store, fetching{
			all[5], files[5], sorted(append(whole, branch.Key)...), []manifest.Local{have[0]},
		})
	}
}

// What later snapshots may be made of shows no more than they may, and is less than eight days
// old.
func TestBaseIsNeitherExposedNorOld(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		private feedback.Privacy
		age     time.Duration
		shared  bool
	}{
		"as before":    {feedback.Privacy{}, 0, true},
		"after 7 days": {feedback.Privacy{}, 7 * 24 * time.Hour, true},
		"after 8 days": {feedback.Privacy{}, 8 * 24 * time.Hour, false},
		"hides more":   {hiding, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, clock := newStore()
			c := manifest.New(store, 10, quota, quiet).Hiding(row.private)
			publish(t, c, paged(t, pages(20, "")...), "full-1")
			publishEdit(t, c, paged(t, pages(20, "new", 1)...), "run-2")
			clock.Advance(row.age)
			for i, file := range []snapshot.Sealed{
				paged(t, pages(20, "new", 1)...), paged(t, pages(20, "newer", 1)...),
			} {
				before := current(t, c)
				p := publication(t, file, receipt(fmt.Sprint("run-", i+3)), job.Nullable(before.ID))
				p.Parent, p.Snapshot.Private = fetched(t, c), row.private
				p.Snapshot.CreatedAt = job.At(clock.Now())
				if _, err := put(t.Context(), c, p); err != nil {
					t.Fatal(err)
				}
				if first := i == 0; first {
					if shared := slices.Equal(current(t, c).Parts, before.Parts); shared != row.shared {
						t.Errorf("%+v after %+v, want them shared: %t",
							current(t, c).Parts, before.Parts, row.shared)
					}
				} else if got := current(t, c).Parts[0].Base; got.Key == "" {
					t.Errorf("a whole part follows %+v", before.Parts)
				}
			}
			if row.private.Fields != nil && len(load(t, c).Snapshots) != 2 {
				t.Errorf("%d snapshots", len(load(t, c).Snapshots))
			}
			holds(t, store, allParts, slices.Compact(namedNow(load(t, c))))
		})
	}
}

// namedNow lists the keys that a manifest names, apart from those that were purged.
func namedNow(m manifest.Manifest) []string {
	m.Dropped = slices.DeleteFunc(m.Dropped, func(d manifest.Dropped) bool { return d.Purge })
	return named(m)
}

// A snapshot of which a delta or a base is missing or damaged is rejected. A failed transfer of
// either is no damage.
func TestFetchRejectsDamagedDelta(t *testing.T) {
	t.Parallel()
	for _, ofBase := range []bool{false, true} {
		for _, row := range ruins {
			if ofBase && row.Name == "two contents" {
				continue // no more is read of a base than the file needs
			}
			part := "delta"
			if ofBase {
				part = "base"
			}
			t.Run(part+"/"+row.Name, func(t *testing.T) {
				t.Parallel()
				store, _ := newStore()
				c := open(store)
				publish(t, c, paged(t, pages(20, "")...), "full-1")
				s := publishEdit(t, c, paged(t, pages(20, "new", 1, 9)...), "run-2")
				key := s.Parts[0].Key
				if ofBase {
					key = s.Parts[0].Base.Key
				}
				faulty := blobtest.NewFaulty(store)
				faulty.Inject(blobtest.Fault{Kind: blobtest.Get, Key: key, Effect: blobtest.Cut(10)})
				_, err := open(faulty).Fetch(t.Context(), s, snapshot.Serve, t.TempDir())
				fails(t, err, io.ErrUnexpectedEOF)
				if is := fmt.Sprint(err); strings.Contains(is, "damaged") {
					t.Errorf("a broken connection is damage: %s", is)
				}
				ruin(t, store, key, row.Ruin)
				dir := t.TempDir()
				_, err = c.Fetch(t.Context(), s, snapshot.Serve, dir)
				fails(t, err, manifest.ErrDamaged)
				says(t, fmt.Sprint(err), s.ID, "memory:", "serve")
				if row.Name == "gone" {
					says(t, fmt.Sprint(err), key+" is missing")
				}
				if left := entries(t, dir); len(left) != 0 {
					t.Errorf("left behind: %q", left)
				}
			})
		}
	}
}
