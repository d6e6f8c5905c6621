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

// bulky makes records whose list is several parts long in every encoding: it holds 600 kB that do not compress to half.
func bulky() snaptest.Cells {
	random, records := rand.NewChaCha8([32]byte{1}), snaptest.Cells{}
	for i := range 150 {
		noise := make([]byte, 2000)
		_, _ = random.Read(noise)
		records[fmt.Sprint("rec", i)] = fmt.Sprintf(`{"Notes":"%x"}`, noise)
	}
	return records
}

func TestTheWholeListIsItsRowsInEveryEncoding(t *testing.T) {
	t.Parallel()
	for name, records := range map[string]snaptest.Cells{"none": nil, "one": {"a": snaptest.Early}, "awkward ones": awkward, "several parts": bulky()} {
		t.Run(name, func(t *testing.T) {
			file := snaptest.Opened(t, records)
			want := snaptest.Joined(t, file)
			var array []json.RawMessage
			if err := json.Unmarshal([]byte(want), &array); err != nil || array == nil || len(array) != len(records) {
				t.Fatalf("%d records, %v", len(array), err)
			}
			for encoding := range snaptest.Encodings {
				for _, time := range []string{"first", "second"} { // which finds the file there
					if got, err := snaptest.Body(t, file, encoding); got != want || err != nil {
						t.Errorf("%s, %s time: %d bytes, %v, want %d", encoding, time, len(got), err, len(want))
					}
				}
			}
		})
	}
}

// What a reader of a list holds at a time does not grow with the list.
func TestListsAreKeptInPartsOfAQuarterMegabyte(t *testing.T) {
	t.Parallel()
	rows, err := snaptest.Connect(t, snaptest.Made(t, bulky())).QueryContext(t.Context(), `SELECT encoding, count(*), max(length(bytes)) FROM body WHERE name = 'feedback' GROUP BY encoding`)
	snaptest.Check(t, err)
	defer rows.Close()
	for rows.Next() {
		var encoding string
		var parts, longest int
		snaptest.Check(t, rows.Scan(&encoding, &parts, &longest))
		if parts < 2 || longest != 256<<10 {
			t.Errorf("%s has %d parts of at most %d bytes", encoding, parts, longest)
		}
	}
	snaptest.Check(t, rows.Err())
}

func TestTheSmallestAcceptedEncodingIsPicked(t *testing.T) {
	t.Parallel()
	file := snaptest.Opened(t, awkward)
	sizes := map[snapshot.Encoding]int64{}
	for encoding := range snaptest.Encodings {
		opened, size, err := file.Body(t.Context(), encoding)
		snaptest.Check(t, err)
		_ = opened.Close()
		sizes[encoding] = size
	}
	smaller := snapshot.Gzip
	if sizes[snapshot.Brotli] < sizes[snapshot.Gzip] {
		smaller = snapshot.Brotli
	}
	for name, test := range map[string]struct {
		accepted []snapshot.Encoding
		want     snapshot.Encoding
	}{
		"none": {nil, snapshot.Identity}, "identity": {[]snapshot.Encoding{snapshot.Identity}, snapshot.Identity},
		"gzip": {[]snapshot.Encoding{snapshot.Gzip}, snapshot.Gzip}, "br": {[]snapshot.Encoding{snapshot.Brotli}, snapshot.Brotli},
		"both": {[]snapshot.Encoding{snapshot.Gzip, snapshot.Brotli}, smaller}, "both, turned": {[]snapshot.Encoding{snapshot.Brotli, snapshot.Gzip}, smaller},
		"one unknown": {[]snapshot.Encoding{"zstd", snapshot.Gzip}, snapshot.Gzip}, "unknown": {[]snapshot.Encoding{"zstd"}, snapshot.Identity},
	} {
		t.Run(name, func(t *testing.T) {
			if got := file.Smallest(test.accepted); got != test.want {
				t.Errorf("%s, want %s, of %v", got, test.want, sizes)
			}
		})
	}
}

func TestAnEncodingThatIsNotThereIsAnErrorAndNoEmptyList(t *testing.T) {
	t.Parallel()
	path := snaptest.Made(t, snaptest.Cells{"a": snaptest.Early})
	snaptest.Alter(t, path, `DELETE FROM body WHERE encoding = 'gzip'`)
	file := snaptest.Open(t, path)
	for _, encoding := range []snapshot.Encoding{"zstd", "", "../x", snapshot.Gzip, snapshot.Identity} {
		if got, err := snaptest.Body(t, file, encoding); err == nil {
			t.Errorf("%q is %q", encoding, got)
		}
	}
	if got := snaptest.Beside(t, filepath.Dir(path)); len(got) != 1 {
		t.Errorf("beside it are %v", got)
	}
	if got, err := snaptest.Body(t, file, snapshot.Brotli); got != snaptest.Joined(t, file) || err != nil {
		t.Errorf("br is %q, %v", got, err)
	}
}

func TestAListThatCouldNotBeUnpackedIsUnpackedForTheNext(t *testing.T) {
	t.Parallel()
	path := snaptest.Made(t, awkward)
	file := snaptest.Open(t, path)
	for encoding := range snaptest.Encodings {
		before := snaptest.Beside(t, filepath.Dir(path))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := file.Body(ctx, encoding); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", encoding, err)
		}
		if got := snaptest.Beside(t, filepath.Dir(path)); !slices.Equal(got, before) {
			t.Errorf("%s: beside it are %v", encoding, got)
		}
		if got, err := snaptest.Body(t, file, encoding); got != snaptest.Joined(t, file) || err != nil {
			t.Errorf("%s: %d bytes, %v", encoding, len(got), err)
		}
	}
}

func TestCloseRemovesTheListsAndNothingElse(t *testing.T) {
	t.Parallel()
	path := snaptest.Made(t, snaptest.Cells{"a": snaptest.Early})
	dir, name := filepath.Dir(path), filepath.Base(path)
	snaptest.Check(t, os.WriteFile(filepath.Join(dir, "other"), nil, 0o600))
	file := snaptest.Open(t, path)
	for encoding := range snaptest.Encodings {
		if _, err := snaptest.Body(t, file, encoding); err != nil {
			t.Fatal(err)
		}
	}
	if got := snaptest.Beside(t, dir); len(got) != 2+len(snaptest.Encodings) {
		t.Errorf("beside it are %v", got)
	}
	sending, _, err := file.Body(t.Context(), snapshot.Identity)
	snaptest.Check(t, err)
	for range 2 {
		snaptest.Check(t, file.Close())
	}
	if got := snaptest.Beside(t, dir); !slices.Equal(got, []string{name, "other"}) {
		t.Errorf("what stays is %v", got)
	}
	if got, err := io.ReadAll(sending); err != nil || len(got) == 0 {
		t.Errorf("what was being sent ends with %v after %d bytes", err, len(got))
	}
	snaptest.Check(t, sending.Close())
	for encoding := range snaptest.Encodings {
		if _, _, err := file.Body(t.Context(), encoding); err == nil {
			t.Errorf("%s is there after Close", encoding)
		}
	}
	if got := snaptest.Beside(t, dir); !slices.Equal(got, []string{name, "other"}) {
		t.Errorf("what stays is %v", got)
	}
}
