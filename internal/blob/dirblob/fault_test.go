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

// actionable checks that an error names the path and what to do, and leaves no doubt.
func actionable(t *testing.T, err error, path, advice string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error that names %s", path)
		return
	}
	if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), advice) {
		t.Errorf("%q does not name %s and %q", err, path, advice)
	}
	for _, other := range []error{blob.ErrUncertain, blob.ErrExist, blob.ErrChanged, blob.ErrNotExist} {
		if errors.Is(err, other) {
			t.Errorf("%q is %v", err, other)
		}
	}
}

func TestAFileInPlaceOfTheDirectoryIsNamed(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		_, err := dirblob.Open(dir)
		actionable(t, err, file, "a file stands where a folder must be")
	}
}

func TestAKeyThatIsAnothersFolderIsNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir)
	put(t, store, "a/b", "x")
	_, err := store.PutNew(t.Context(), "a", strings.NewReader("x"))
	actionable(t, err, filepath.Join(dir, "a"), "a folder stands where the object must be")
	_, err = store.Replace(t.Context(), "a/b/c", []byte("x"), "")
	actionable(t, err, filepath.Join(dir, "a", "b"), "a file stands where a folder must be")
	if left := drafts(t, dir); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestEveryFaultOfADiskHasAdvice(t *testing.T) {
	t.Parallel()
	for errno, want := range map[syscall.Errno]string{
		syscall.ENOSPC: "free space",
		syscall.EDQUOT: "free space",
		syscall.EROFS:  "mount that file system writable",
		syscall.EACCES: "let the user that voc runs as",
		syscall.EPERM:  "hard links",
		syscall.EXDEV:  "one local file system",
		syscall.EIO:    "the disk fails",
		syscall.EMFILE: "ulimit -n",
	} {
		cause := &fs.PathError{Op: "write", Path: "/voc/draft", Err: errno}
		err := dirblob.Advise(fmt.Errorf("%w: %w", blob.ErrUncertain, cause))
		if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "/voc/draft") || !errors.Is(err, errno) {
			t.Errorf("%v: %q", errno, err)
		}
	}
}

// Whichever flush fails: the write is uncertain exactly when it can be seen.
func TestAFailedFlushIsUncertainOnlyOnceTheObjectIsThere(t *testing.T) {
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
		t.Errorf("tried %d flushes after and %d before the object is there", outcomes[true], outcomes[false])
	}
}

func TestABodyIsFlushedBeforeItsObjectAppears(t *testing.T) {
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
	want := []string{filepath.Base(dir) + " with object: false", ".store with object: false", "7 bytes", filepath.Base(dir) + " with object: true"}
	if !slices.Equal(flushed, want) {
		t.Errorf("flushed %q, want %q", flushed, want)
	}
}

// The stranger comes, without asking for a lock, after the store has looked and while it makes the object's folder.
func TestAStrangersFileIsNotOverwritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir)
	stranger := filepath.Join(dir, "folder", "object")
	store.BeforeFlush(func(*os.File) error {
		if _, err := os.Stat(filepath.Dir(stranger)); err == nil {
			return os.WriteFile(stranger, []byte("a stranger's"), 0o600)
		}
		return nil
	})
	_, err := store.PutNew(t.Context(), "folder/object", strings.NewReader("mine"))
	if !errors.Is(err, blob.ErrExist) {
		t.Errorf("error %v, want ErrExist", err)
	}
	if body, err := os.ReadFile(stranger); string(body) != "a stranger's" {
		t.Errorf("the file holds %q, %v", body, err)
	}
}
