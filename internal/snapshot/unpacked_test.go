package snapshot_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"voc/internal/snapshot"
	"voc/internal/snapshot/snaptest"
)

// bulky returns records whose list has several parts in every encoding: 600 kB that do
// not compress to half.
func bulky() snaptest.Cells {
	random, records := rand.NewChaCha8([32]byte{1}), snaptest.Cells{}
	for i := range 150 {
		noise := make([]byte, 2000)
		_, _ = random.Read(noise)
		records[fmt.Sprint("rec", i)] = fmt.Sprintf(`{"Notes":"%x"}`, noise)
	}
	return records
}

func TestBodyInEveryEncoding(t *testing.T) {
	t.Parallel()
	for name, records := range map[string]snaptest.Cells{
		"none": nil, "one": {"a": snaptest.Early}, "awkward": awkward, "several parts": bulky(),
	} {
		t.Run(name, func(t *testing.T) {
			file := snaptest.New(t, records)
			want := snaptest.WholeList(t, file)
			var array []json.RawMessage
			err := json.Unmarshal([]byte(want), &array)
			if err != nil || array == nil || len(array) != len(records) {
				t.Fatalf("%d records, %v", len(array), err)
			}
			for encoding := range snaptest.Encodings {
				for _, time := range []string{"first", "second"} { // the second finds the file
					got, err := snaptest.Body(t, file, encoding)
					if got != want || err != nil {
						t.Errorf("%s, %s time: %d bytes, %v, want %d",
							encoding, time, len(got), err, len(want))
					}
				}
			}
		})
	}
}

// The memory of a reader does not grow with the list.
func TestListRows(t *testing.T) {
	t.Parallel()
	list := snaptest.Create(t, bulky()).Parts[snapshot.List].Path
	var rows, longest int
	snaptest.Check(t, snaptest.Connect(t, list).QueryRowContext(t.Context(),
		`SELECT count(*), max(size) FROM block`).Scan(&rows, &longest))
	if want := (150 + 63) / 64; rows != want || longest > 64*4500 {
		t.Errorf("%d rows of at most %d bytes, want %d", rows, longest, want)
	}
}

func TestListEncoding(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		accepted []snapshot.Encoding
		want     snapshot.Encoding
	}{
		"none":        {nil, snapshot.Identity},
		"identity":    {[]snapshot.Encoding{snapshot.Identity}, snapshot.Identity},
		"gzip":        {[]snapshot.Encoding{snapshot.Gzip}, snapshot.Gzip},
		"br":          {[]snapshot.Encoding{snapshot.Brotli}, snapshot.Identity},
		"both":        {[]snapshot.Encoding{snapshot.Brotli, snapshot.Gzip}, snapshot.Gzip},
		"one unknown": {[]snapshot.Encoding{"zstd", snapshot.Gzip}, snapshot.Gzip},
		"unknown":     {[]snapshot.Encoding{"zstd"}, snapshot.Identity},
	} {
		t.Run(name, func(t *testing.T) {
			if got := snapshot.ListEncoding(test.accepted); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

// An unknown encoding is an error, not an empty list.
func TestBodyOfUnknownEncoding(t *testing.T) {
	t.Parallel()
	file := snaptest.New(t, snaptest.Cells{"a": snaptest.Early})
	before := snaptest.Names(t, filepath.Dir(file.Path(snapshot.List)))
	for _, encoding := range []snapshot.Encoding{"zstd", "", "../x", snapshot.Brotli} {
		if body, _, err := file.Body(t.Context(), encoding); err == nil {
			_ = body.Close()
			t.Errorf("%q is no error", encoding)
		}
	}
	got := snaptest.Names(t, filepath.Dir(file.Path(snapshot.List)))
	if !slices.Equal(got, before) {
		t.Errorf("the directory has %v", got)
	}
}

// A canceled Body leaves no file, and the next call unpacks the list.
func TestBodyAfterFailedUnpack(t *testing.T) {
	t.Parallel()
	file := snaptest.New(t, awkward)
	path := file.Path(snapshot.List)
	for encoding := range snaptest.Encodings {
		before := snaptest.Names(t, filepath.Dir(path))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := file.Body(ctx, encoding); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", encoding, err)
		}
		if got := snaptest.Names(t, filepath.Dir(path)); !slices.Equal(got, before) {
			t.Errorf("%s: the directory has %v", encoding, got)
		}
		got, err := snaptest.Body(t, file, encoding)
		if got != snaptest.WholeList(t, file) || err != nil {
			t.Errorf("%s: %d bytes, %v", encoding, len(got), err)
		}
	}
}

// Close removes the unpacked lists and no other file. A list that is being sent is
// completed.
func TestCloseRemovesBodies(t *testing.T) {
	t.Parallel()
	file := snaptest.New(t, snaptest.Cells{"a": snaptest.Early})
	dir := filepath.Dir(file.Path(snapshot.List))
	snaptest.Check(t, os.WriteFile(filepath.Join(dir, "other"), nil, 0o600))
	left := snaptest.Names(t, dir)
	for encoding := range snaptest.Encodings {
		if _, err := snaptest.Body(t, file, encoding); err != nil {
			t.Fatal(err)
		}
	}
	if got := snaptest.Names(t, dir); len(got) != len(left)+len(snaptest.Encodings) {
		t.Errorf("the directory has %v", got)
	}
	sending, _, err := file.Body(t.Context(), snapshot.Identity)
	snaptest.Check(t, err)
	for range 2 {
		snaptest.Check(t, file.Close())
	}
	if got := snaptest.Names(t, dir); !slices.Equal(got, left) {
		t.Errorf("after Close the directory has %v", got)
	}
	if got, err := io.ReadAll(sending); err != nil || len(got) == 0 {
		t.Errorf("the open list ends with %v after %d bytes", err, len(got))
	}
	snaptest.Check(t, sending.Close())
	for encoding := range snaptest.Encodings {
		if _, _, err := file.Body(t.Context(), encoding); err == nil {
			t.Errorf("%s can be read after Close", encoding)
		}
	}
	if got := snaptest.Names(t, dir); !slices.Equal(got, left) {
		t.Errorf("after Body the directory has %v", got)
	}
}
