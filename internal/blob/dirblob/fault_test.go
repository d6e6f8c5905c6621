package dirblob_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"voc/internal/blob"
	"voc/internal/blob/dirblob"
)

// actionable checks that an error names the path and what to do, and is none of the
// contract's.
func actionable(t *testing.T, err error, path, advice string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error that names %s", path)
		return
	}
	if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), advice) {
		t.Errorf("%q does not name %s and %q", err, path, advice)
	}
	for _, other := range []error{
		blob.ErrUncertain, blob.ErrExist, blob.ErrChanged, blob.ErrNotExist,
	} {
		if errors.Is(err, other) {
			t.Errorf("%q is %v", err, other)
		}
	}
}

func TestOpenFileInPlaceOfDirectory(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		_, err := dirblob.Open(dir)
		actionable(t, err, file, "a file is where a folder must be")
	}
}

func TestKeyIsFolderOfAnother(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir)
	put(t, store, "a/b", "x")
	_, err := store.PutNew(t.Context(), "a", strings.NewReader("x"))
	actionable(t, err, filepath.Join(dir, "a"), "a folder is where the object must be")
	_, err = store.Replace(t.Context(), "a/b/c", []byte("x"), "")
	actionable(t, err, filepath.Join(dir, "a", "b"), "a file is where a folder must be")
	if left := drafts(t, dir); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestAdvise(t *testing.T) {
	t.Parallel()
	for errno, want := range map[syscall.Errno]string{
		syscall.ENOSPC: "free space",
		syscall.EDQUOT: "free space",
		syscall.EROFS:  "mount that file system writable",
		syscall.EACCES: "give the user that runs voc",
		syscall.EPERM:  "hard links",
		syscall.EXDEV:  "one local file system",
		syscall.EIO:    "the disk fails",
		syscall.EMFILE: "ulimit -n",
	} {
		cause := &fs.PathError{Op: "write", Path: "/voc/draft", Err: errno}
		err := dirblob.Advise(fmt.Errorf("%w: %w", blob.ErrUncertain, cause))
		if !strings.Contains(err.Error(), want) || !errors.Is(err, errno) ||
			!strings.Contains(err.Error(), "/voc/draft") {
			t.Errorf("%v: %q", errno, err)
		}
	}
}

// TestFailedFlushIsUncertainIfVisible fails each flush in turn: the write is uncertain
// exactly if it is visible.
func TestFailedFlushIsUncertainIfVisible(t *testing.T) {
	t.Parallel()
	broken := &fs.PathError{Op: "sync", Path: "somewhere", Err: syscall.EIO}
	outcomes := map[bool]int{}
	for failing := 1; failing < 20; failing++ {
		store := open(t, t.TempDir())
		flushes := 0
		store.BeforeFlush(func(*os.File) error {
			if flushes++; flushes == failing {
				return broken
			}
			return nil
		})
		_, err := store.PutNew(t.Context(), "folder/object", strings.NewReader("x"))
		if err == nil {
			break
		}
		_, statErr := store.Stat(t.Context(), "folder/object")
		uncertain := errors.Is(err, blob.ErrUncertain)
		if uncertain != (statErr == nil) || !errors.Is(err, syscall.EIO) {
			t.Errorf("flush %d: %v, then Stat: %v", failing, err, statErr)
		}
		outcomes[uncertain]++
	}
	if outcomes[true] != 1 || outcomes[false] == 0 {
		t.Errorf("failed %d flushes after and %d before the object is visible",
			outcomes[true], outcomes[false])
	}
}

func TestBodyIsFlushedBeforeItIsVisible(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir)
	var flushed []string
	store.BeforeFlush(func(f *os.File) error {
		info, err := f.Stat()
		if err == nil && info.Mode().IsRegular() {
			flushed = append(flushed, fmt.Sprintf("%d bytes", info.Size()))
		} else {
			_, err := os.Stat(filepath.Join(dir, "object"))
			flushed = append(flushed, fmt.Sprintf("%s with object: %v", filepath.Base(f.Name()), err == nil))
		}
		return nil
	})
	put(t, store, "object", "seven b")
	want := []string{
		filepath.Base(dir) + " with object: false", ".store with object: false",
		"7 bytes", filepath.Base(dir) + " with object: true",
	}
	if !slices.Equal(flushed, want) {
		t.Errorf("flushed %q, want %q", flushed, want)
	}
}

// TestForeignFileIsNotOverwritten creates a file without the lock, after the store has
// compared the versions and while it creates the object's folder.
func TestForeignFileIsNotOverwritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir)
	foreign := filepath.Join(dir, "folder", "object")
	store.BeforeFlush(func(*os.File) error {
		if _, err := os.Stat(filepath.Dir(foreign)); err == nil {
			return os.WriteFile(foreign, []byte("foreign"), 0o600)
		}
		return nil
	})
	_, err := store.PutNew(t.Context(), "folder/object", strings.NewReader("mine"))
	if !errors.Is(err, blob.ErrExist) {
		t.Errorf("error %v, want ErrExist", err)
	}
	if body, err := os.ReadFile(foreign); string(body) != "foreign" {
		t.Errorf("the file holds %q, %v", body, err)
	}
}
