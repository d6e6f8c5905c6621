package snapshot_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/snapshot"
	"voc/internal/snapshot/snaptest"
)

// obstructions make it impossible to write the file into which a list is unpacked.
var obstructions = map[string]func(t *testing.T, path string){
	"full disk": func(t *testing.T, path string) { snaptest.Check(t, os.Symlink("/dev/full", path)) },
	"no right":  func(t *testing.T, path string) { snaptest.Check(t, os.Mkdir(path, 0o700)) },
	"no folder": func(t *testing.T, path string) {
		snaptest.Check(t, os.RemoveAll(filepath.Dir(path)))
	},
}

func TestBodyNeedsNoDisk(t *testing.T) {
	t.Parallel()
	for name, obstruct := range obstructions {
		for encoding := range snaptest.Encodings {
			t.Run(name+"/"+string(encoding), func(t *testing.T) {
				t.Parallel()
				file := snaptest.New(t, bulky())
				want := snaptest.WholeList(t, file)
				snaptest.Check(t, file.Need(t.Context(), snapshot.List))
				obstruct(t, file.Path(snapshot.List)+"."+string(encoding))
				var clients sync.WaitGroup
				together := 3
				if name == "no folder" { // where no further connection can be opened
					together = 1
				}
				for range together {
					clients.Go(func() {
						got, err := snaptest.Body(t, file, encoding)
						if got != want || err != nil {
							t.Errorf("%d bytes, %v, want %d", len(got), err, len(want))
						}
					})
				}
				clients.Wait()
			})
		}
	}
}

// A stream that breaks is an error, and no shorter list.
func TestStreamedBodyEndsWithContext(t *testing.T) {
	t.Parallel()
	file := snaptest.New(t, bulky())
	path := file.Path(snapshot.List)
	obstructions["no right"](t, path+".identity")
	ctx, cancel := context.WithCancel(t.Context())
	body, size, err := file.Body(ctx, snapshot.Identity)
	snaptest.Check(t, err)
	defer body.Close()
	cancel()
	n, err := io.Copy(io.Discard, body)
	if !errors.Is(err, context.Canceled) || n >= size || !strings.Contains(err.Error(), path) {
		t.Errorf("%d bytes of %d, %v", n, size, err)
	}
}

// When the disk has room again, the list is unpacked to it after a minute.
func TestBodyReturnsToDisk(t *testing.T) {
	t.Parallel()
	sealed := snaptest.Create(t, awkward)
	path := sealed.Parts[snapshot.List].Path
	unpacked := path + ".identity"
	synctest.Test(t, func(t *testing.T) {
		file := snaptest.Open(t, sealed)
		defer file.Close()
		read := func(onDisk bool) {
			t.Helper()
			if _, err := snaptest.Body(t, file, snapshot.Identity); err != nil {
				t.Error(err)
			}
			beside := snaptest.Names(t, filepath.Dir(path))
			if slices.Contains(beside, filepath.Base(unpacked)) != onDisk {
				t.Errorf("the directory has %v, want the list in it: %t", beside, onDisk)
			}
		}
		fault := func(want error) {
			t.Helper()
			if err := file.DiskError(t.Context()); !errors.Is(err, want) {
				t.Errorf("the disk's error is %v, want %v", err, want)
			}
		}
		fault(nil)
		obstructions["full disk"](t, unpacked)
		read(false)
		fault(snapshot.ErrDiskFull)
		time.Sleep(time.Minute - time.Nanosecond)
		read(false)
		fault(snapshot.ErrDiskFull)
		time.Sleep(time.Nanosecond)
		read(true)
		fault(nil)
		obstructions["full disk"](t, path+".gzip")
		if _, err := snaptest.Body(t, file, snapshot.Gzip); err != nil {
			t.Error(err)
		}
		fault(snapshot.ErrDiskFull)
		time.Sleep(time.Minute)
		fault(nil) // it tries by itself, since no list may be requested for long
	})
}

// A cleaner of temporary files removes the unpacked list while the server runs.
func TestRemovedBodyIsUnpackedAgain(t *testing.T) {
	t.Parallel()
	file := snaptest.New(t, awkward)
	path := file.Path(snapshot.List)
	for range 2 {
		got, err := snaptest.Body(t, file, snapshot.Gzip)
		if got != snaptest.WholeList(t, file) || err != nil {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		snaptest.Check(t, os.Remove(path+".gzip"))
	}
}
