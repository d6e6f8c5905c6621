package snapshot_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// encodings are those of the whole list, with what reads each.
var encodings = map[snapshot.Encoding]func(io.Reader) (io.Reader, error){
	snapshot.Identity: func(r io.Reader) (io.Reader, error) { return r, nil },
	snapshot.Gzip:     func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
	snapshot.Brotli:   func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
}

// body reads the whole list in an encoding, and checks that it has the size that is told.
func body(t tester, file *snapshot.File, encoding snapshot.Encoding) (string, error) {
	t.Helper()
	opened, size, err := file.Body(t.Context(), encoding)
	if err != nil {
		return "", err
	}
	defer opened.Close()
	sent, err := io.ReadAll(opened)
	if err != nil || int64(len(sent)) != size {
		return "", fmt.Errorf("%d bytes, told are %d: %w", len(sent), size, err)
	}
	decoder, err := encodings[encoding](bytes.NewReader(sent))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(decoder)
	return string(text), err
}

// joined is the JSON array of a list, as it is served row by row.
func joined(t tester, file *snapshot.File) string {
	t.Helper()
	return "[" + strings.Join(list(t, file, feedback.Filter{}, 0), ",\n") + "]\n"
}

// bulky makes records whose list is several parts long in every encoding: it holds 600 kB that do not compress to half.
func bulky() cells {
	random, records := rand.NewChaCha8([32]byte{1}), cells{}
	for i := range 150 {
		noise := make([]byte, 2000)
		_, _ = random.Read(noise)
		records[fmt.Sprint("rec", i)] = fmt.Sprintf(`{"Notes":"%x"}`, noise)
	}
	return records
}

func TestTheWholeListIsItsRowsInEveryEncoding(t *testing.T) {
	t.Parallel()
	for name, records := range map[string]cells{"none": nil, "one": {"a": early}, "awkward ones": awkward, "several parts": bulky()} {
		t.Run(name, func(t *testing.T) {
			file := opened(t, records)
			want := joined(t, file)
			var array []json.RawMessage
			if err := json.Unmarshal([]byte(want), &array); err != nil || array == nil || len(array) != len(records) {
				t.Fatalf("%d records, %v", len(array), err)
			}
			for encoding := range encodings {
				for _, time := range []string{"first", "second"} { // which finds the file there
					if got, err := body(t, file, encoding); got != want || err != nil {
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
	rows, err := connect(t, made(t, bulky())).QueryContext(t.Context(), `SELECT encoding, count(*), max(length(bytes)) FROM body WHERE name = 'feedback' GROUP BY encoding`)
	check(t, err)
	defer rows.Close()
	for rows.Next() {
		var encoding string
		var parts, longest int
		check(t, rows.Scan(&encoding, &parts, &longest))
		if parts < 2 || longest != 256<<10 {
			t.Errorf("%s has %d parts of at most %d bytes", encoding, parts, longest)
		}
	}
	check(t, rows.Err())
}

func TestTheSmallestAcceptedEncodingIsPicked(t *testing.T) {
	t.Parallel()
	file := opened(t, awkward)
	sizes := map[snapshot.Encoding]int64{}
	for encoding := range encodings {
		opened, size, err := file.Body(t.Context(), encoding)
		check(t, err)
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
	path := made(t, cells{"a": early})
	alter(t, path, `DELETE FROM body WHERE encoding = 'gzip'`)
	file := open(t, path)
	for _, encoding := range []snapshot.Encoding{"zstd", "", "../x", snapshot.Gzip, snapshot.Identity} {
		if got, err := body(t, file, encoding); err == nil {
			t.Errorf("%q is %q", encoding, got)
		}
	}
	if got := beside(t, filepath.Dir(path)); len(got) != 1 {
		t.Errorf("beside it are %v", got)
	}
	if got, err := body(t, file, snapshot.Brotli); got != joined(t, file) || err != nil {
		t.Errorf("br is %q, %v", got, err)
	}
}

func TestAListThatCouldNotBeUnpackedIsUnpackedForTheNext(t *testing.T) {
	t.Parallel()
	path := made(t, awkward)
	file := open(t, path)
	for encoding := range encodings {
		before := beside(t, filepath.Dir(path))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := file.Body(ctx, encoding); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", encoding, err)
		}
		if got := beside(t, filepath.Dir(path)); !slices.Equal(got, before) {
			t.Errorf("%s: beside it are %v", encoding, got)
		}
		if got, err := body(t, file, encoding); got != joined(t, file) || err != nil {
			t.Errorf("%s: %d bytes, %v", encoding, len(got), err)
		}
	}
}

func TestCloseRemovesTheListsAndNothingElse(t *testing.T) {
	t.Parallel()
	path := made(t, cells{"a": early})
	dir, name := filepath.Dir(path), filepath.Base(path)
	check(t, os.WriteFile(filepath.Join(dir, "other"), nil, 0o600))
	file := open(t, path)
	for encoding := range encodings {
		if _, err := body(t, file, encoding); err != nil {
			t.Fatal(err)
		}
	}
	if got := beside(t, dir); len(got) != 2+len(encodings) {
		t.Errorf("beside it are %v", got)
	}
	sending, _, err := file.Body(t.Context(), snapshot.Identity)
	check(t, err)
	for range 2 {
		check(t, file.Close())
	}
	if got := beside(t, dir); !slices.Equal(got, []string{name, "other"}) {
		t.Errorf("what stays is %v", got)
	}
	if got, err := io.ReadAll(sending); err != nil || len(got) == 0 {
		t.Errorf("what was being sent ends with %v after %d bytes", err, len(got))
	}
	check(t, sending.Close())
	for encoding := range encodings {
		if _, _, err := file.Body(t.Context(), encoding); err == nil {
			t.Errorf("%s is there after Close", encoding)
		}
	}
	if got := beside(t, dir); !slices.Equal(got, []string{name, "other"}) {
		t.Errorf("what stays is %v", got)
	}
}
