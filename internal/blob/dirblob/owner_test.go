package dirblob_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"voc/internal/blob/dirblob"
)

// service is a made-up user that owns a store which root writes to.
var service = dirblob.Owner{UID: 47110, GID: 47111}

// giveTo makes the owner of a folder another user, if this process may; else the folder
// stays this user's, and so must everything in it.
func giveTo(t *testing.T, dir string, to dirblob.Owner) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	if err := os.Chown(dir, to.UID, to.GID); err != nil {
		t.Fatal(err)
	}
}

// checkOwners checks that everything below dir belongs to the owner of the folder whose.
func checkOwners(t *testing.T, dir, whose string) {
	t.Helper()
	folder, err := os.Stat(whose)
	if err != nil {
		t.Fatal(err)
	}
	want := dirblob.OwnerOf(folder)
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if got := dirblob.OwnerOf(info); got != want {
			t.Errorf("%s belongs to %+v, the store to %+v", path, got, want)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// writeAll creates, replaces and deletes objects, and returns while one is there.
func writeAll(t *testing.T, dir string) {
	t.Helper()
	store := open(t, dir)
	info := put(t, store, "manifest.json", "1")
	put(t, store, "snapshots/2026-11/a.db", "x")
	if _, err := store.Replace(t.Context(), "manifest.json", []byte("2"), info.Version); err != nil {
		t.Error(err)
	}
	if err := store.Delete(t.Context(), "snapshots/2026-11/a.db"); err != nil {
		t.Error(err)
	}
	put(t, store, "snapshots/2026-11/b.db", "x")
}

func TestFilesBelongToOwnerOfStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	giveTo(t, dir, service)
	writeAll(t, dir)
	checkOwners(t, dir, dir)
}

// A volume may belong to root and let all users write. Then its owner is the first writer.
func TestFilesInVolumeBelongToFirstWriter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	own := filepath.Join(dir, ".store")
	if err := os.Mkdir(own, 0o700); err != nil {
		t.Fatal(err)
	}
	giveTo(t, own, service)
	writeAll(t, dir)
	checkOwners(t, dir, own)
}

// Earlier versions left files that only root could read.
func TestWriteRepairsOwners(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir)
	info := put(t, store, "manifest.json", "1")
	giveTo(t, dir, service)
	if _, err := store.Replace(t.Context(), "manifest.json", []byte("2"), info.Version); err != nil {
		t.Fatal(err)
	}
	checkOwners(t, dir, dir)
}

// An operator may have moved a folder to where there is room, and left a link.
func TestOwnersBehindLink(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), t.TempDir()
	if err := os.Symlink(elsewhere, filepath.Join(dir, "snapshots")); err != nil {
		t.Fatal(err)
	}
	giveTo(t, dir, service)
	writeAll(t, dir)
	checkOwners(t, elsewhere, dir)
}

func TestHeir(t *testing.T) {
	t.Parallel()
	root, other := dirblob.Owner{}, dirblob.Owner{UID: 5, GID: 6}
	for _, c := range []struct {
		name           string
		created, store dirblob.Owner
		privileged     bool
		want           dirblob.Owner
		change         bool
	}{
		{"root in the store of a service", root, service, true, service, true},
		{"root in a store of its own", root, root, true, root, false},
		{"root, a file of the service", service, service, true, service, false},
		{"root, a file of a third user", other, service, true, other, false},
		{"the service", service, service, false, service, false},
		{"a user in the store of another", other, service, false, other, false},
		{"a user in the store of root", other, root, false, other, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, change := dirblob.Heir(c.created, c.store, c.privileged)
			if got != c.want || change != c.change {
				t.Errorf("%+v, %v; want %+v, %v", got, change, c.want, c.change)
			}
		})
	}
}

// Root may have no right to give files away, as in a container without capabilities. The
// service could not read what such a root writes.
func TestOwnerCannotBeChanged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, open(t, dir), "manifest.json", "1")
	giveTo(t, dir, service)
	store := open(t, dir)
	store.FailChown(&fs.PathError{Op: "chown", Path: dir, Err: syscall.EPERM})
	_, err := store.PutNew(t.Context(), "snapshots/a.db", strings.NewReader("x"))
	if os.Geteuid() != 0 { // the directory is this user's, and so is the file
		if err != nil {
			t.Error(err)
		}
		return
	}
	actionable(t, err, dir, "run voc as the user that owns the store")
	if left := drafts(t, dir); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}
