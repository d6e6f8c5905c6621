package dirblob_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"

	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/blob/dirblob"
)

func TestContract(t *testing.T) {
	t.Parallel()
	blobtest.Run(t, func(t *testing.T) func() blob.Store {
		dir := t.TempDir()
		return func() blob.Store { return open(t, dir) }
	})
}

func open(t testing.TB, dir string) *dirblob.Store {
	t.Helper()
	store, err := dirblob.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func put(t testing.TB, store blob.Store, key, body string) blob.Info {
	t.Helper()
	info, err := store.PutNew(t.Context(), key, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// drafts returns the names of the drafts of live and dead writers.
func drafts(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, ".store", "drafts", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestObjectsArePrivateFiles(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "store")
	put(t, open(t, dir), "snapshots/a.db", "customers' words")
	body, err := os.ReadFile(filepath.Join(dir, "snapshots", "a.db"))
	if string(body) != "customers' words" || err != nil {
		t.Errorf("the file holds %q, %v", body, err)
	}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v: others may read it", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestDeleteKeepsEmptyFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir)
	put(t, store, "folder/object", "x")
	for _, key := range []string{"folder/object", "folder"} {
		if err := store.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "folder")); err != nil {
		t.Error(err)
	}
}

func TestListIgnoresForeignFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir)
	put(t, store, "object", "x")
	for _, name := range []string{".DS_Store", "note to self.txt", "object~"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "lost+found"), 0o700); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for info, err := range store.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, info.Key)
	}
	if !slices.Equal(keys, []string{"object"}) {
		t.Errorf("listed %q", keys)
	}
}

func TestStringIsFileURL(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "50% [of] it")
	t.Chdir(filepath.Dir(dir))
	store := open(t, filepath.Base(dir))
	want := "file://" + filepath.ToSlash(filepath.Dir(dir)) + "/50%25%20%5Bof%5D%20it"
	if store.String() != want {
		t.Errorf("%s, want %s", store, want)
	}
	t.Chdir(t.TempDir())
	put(t, store, "object", "x")
	if _, err := os.Stat(filepath.Join(dir, "object")); err != nil {
		t.Error("a store opened by a relative path follows the working directory:", err)
	}
}

// TestVersionsGrowWithoutClock uses the clock of a synctest bubble, which stands still in
// the year 2000: all writes fall into one tick, and existing files are newer than the
// clock.
func TestVersionsGrowWithoutClock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, open(t, dir), "object", "0")
	synctest.Test(t, func(t *testing.T) {
		store := open(t, dir)
		last, err := store.Stat(t.Context(), "object")
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if _, err := store.Replace(t.Context(), "object", []byte("1"), last.Version); err != nil {
				t.Fatal(err)
			}
			now, err := store.Stat(t.Context(), "object")
			if err != nil {
				t.Fatal(err)
			}
			if now.Version == last.Version || !now.LastModified.After(last.LastModified) {
				t.Fatalf("%+v came after %+v", now, last)
			}
			if now.Date.Before(now.LastModified) {
				t.Fatalf("an object of negative age: %+v", now)
			}
			last = now
		}
	})
}

func TestRecreatedObjectHasNewVersion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := put(t, open(t, dir), "object", "one")
	synctest.Test(t, func(t *testing.T) {
		store := open(t, dir)
		if err := store.Delete(t.Context(), "object"); err != nil {
			t.Fatal(err)
		}
		second := put(t, store, "object", "two")
		if err := store.Delete(t.Context(), "object"); err != nil {
			t.Fatal(err)
		}
		third := put(t, store, "object", "six")
		if first.Version == second.Version || second.Version == third.Version ||
			first.Version == third.Version {
			t.Errorf("versions %q, %q, %q of three objects", first.Version, second.Version, third.Version)
		}
	})
}

func TestCopyWithTimesKeepsVersions(t *testing.T) {
	t.Parallel()
	dir, backup := t.TempDir(), t.TempDir()
	info := put(t, open(t, dir), "object", "one")
	file, err := os.Stat(filepath.Join(dir, "object"))
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(backup, "object")
	if err := os.WriteFile(copied, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(copied, time.Time{}, file.ModTime()); err != nil {
		t.Fatal(err)
	}
	_, err = open(t, backup).GetIfChanged(t.Context(), "object", info.Version)
	if !errors.Is(err, blob.ErrNotModified) {
		t.Errorf("error %v, want ErrNotModified", err)
	}
}

func TestPutNewStreamsBody(t *testing.T) {
	const size = 32 << 20
	store := open(t, t.TempDir())
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := store.PutNew(t.Context(), "big", io.NewSectionReader(zeros{}, 0, size)); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > size/32 {
		t.Errorf("%d bytes allocated for a body of %d", used, size)
	}
}

type zeros struct{}

func (zeros) ReadAt(p []byte, _ int64) (int, error) {
	clear(p)
	return len(p), nil
}

func TestOpenKeepsLiveDrafts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir)
	body := &pausing{strings.NewReader("body"), func() {
		open(t, dir)
		if len(drafts(t, dir)) != 1 {
			t.Errorf("drafts after another Open: %q", drafts(t, dir))
		}
	}}
	if _, err := store.PutNew(t.Context(), "object", body); err != nil {
		t.Error(err)
	}
	if left := drafts(t, dir); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

// pausing is a body that calls pause before it is read.
type pausing struct {
	io.ReadSeeker
	pause func()
}

func (p *pausing) Read(b []byte) (int, error) {
	p.pause()
	return p.ReadSeeker.Read(b)
}

func TestWaitForLockEndsWithContext(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir)
	put(t, store, "object", "x")
	defer acquireLock(t, filepath.Join(dir, ".store", "commit.lock"))()
	synctest.Test(t, func(t *testing.T) { // its clock moves only while Delete waits
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		defer cancel()
		err := store.Delete(ctx, "object")
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "commit.lock") {
			t.Errorf("error %v, want one that names the lock and DeadlineExceeded", err)
		}
	})
}

// acquireLock acquires a lock as another process would, until release.
func acquireLock(t *testing.T, path string) (release func()) {
	t.Helper()
	lock := flock.New(path)
	if ok, err := lock.TryLock(); !ok || err != nil {
		t.Fatalf("lock %s: %v, %v", path, ok, err)
	}
	return func() { lock.Unlock() }
}
