package voctest

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Variable is the environment variable that names the file of the whole sample.
const Variable = "VOC_SAMPLE"

// WholeSize is how many records [Whole] has if no file is named.
const WholeSize = 5830

//go:embed records.jsonl.gz
var packed []byte

// embedded reads the embedded records once.
var embedded = sync.OnceValues(func() ([][]byte, error) { return parse(packed) })

// Records returns the embedded records, one line of JSON each, without the line
// feed. The lines are shared: the caller must not change them.
func Records(tb testing.TB) [][]byte {
	tb.Helper()
	lines, err := embedded()
	if err != nil {
		tb.Fatalf("read the embedded records.jsonl.gz: %v", err)
	}
	return lines
}

// Sample returns the records to compare over: those of the file that VOC_SAMPLE
// names, else the embedded ones.
func Sample(tb testing.TB) [][]byte {
	tb.Helper()
	if path := os.Getenv(Variable); path != "" {
		return named(tb, path)
	}
	return Records(tb)
}

// Whole returns the records to measure with: those of the file that VOC_SAMPLE
// names, else the embedded ones repeated up to [WholeSize].
func Whole(tb testing.TB) [][]byte {
	tb.Helper()
	if path := os.Getenv(Variable); path != "" {
		return named(tb, path)
	}
	return First(tb, WholeSize)
}

// First returns the first n of the embedded records. If n is larger than their
// number, they are repeated with other ids, issue numbers and times, still oldest
// first.
func First(tb testing.TB, n int) [][]byte {
	tb.Helper()
	lines := Records(tb)
	if n <= len(lines) {
		return lines[:n:n]
	}
	repeated, err := repeat(lines, n)
	if err != nil {
		tb.Fatalf("repeat the embedded records: %v", err)
	}
	return repeated
}

// File writes the records of [First] to a .jsonl file in a temporary folder of
// the test, for the emulator, and returns its absolute path. If change is not nil,
// it may change the fields of each record.
func File(tb testing.TB, n int, change func(fields map[string]any)) string {
	tb.Helper()
	lines := First(tb, n)
	if change != nil {
		changed := make([][]byte, len(lines))
		for i, line := range lines {
			var err error
			if changed[i], err = edit(line, change); err != nil {
				tb.Fatalf("change record %d: %v", i+1, err)
			}
		}
		lines = changed
	}
	return write(tb, lines)
}

// WholeFile returns the absolute path of a file with the records of [Whole].
func WholeFile(tb testing.TB) string {
	tb.Helper()
	return write(tb, Whole(tb))
}

// SampleFile returns the absolute path of a file with the records of [Sample].
func SampleFile(tb testing.TB) string {
	tb.Helper()
	return write(tb, Sample(tb))
}

func write(tb testing.TB, lines [][]byte) string {
	tb.Helper()
	path, err := filepath.Abs(filepath.Join(tb.TempDir(), "records.jsonl"))
	if err == nil {
		err = os.WriteFile(path, append(bytes.Join(lines, []byte("\n")), '\n'), 0o600)
	}
	if err != nil {
		tb.Fatalf("write records for the emulator: %v", err)
	}
	return path
}

// edit applies change to the fields of one record.
func edit(line []byte, change func(fields map[string]any)) ([]byte, error) {
	var record struct {
		ID          string         `json:"id"`
		CreatedTime string         `json:"createdTime"`
		Fields      map[string]any `json:"fields"`
	}
	if err := json.Unmarshal(line, &record); err != nil {
		return nil, err
	}
	change(record.Fields)
	return json.Marshal(record)
}

// named reads the file that VOC_SAMPLE names.
func named(tb testing.TB, path string) [][]byte {
	tb.Helper()
	lines, err := readNamed(path)
	if err != nil {
		tb.Fatalf("read the sample that %s names: %v", Variable, err)
	}
	return lines
}

func readNamed(path string) ([][]byte, error) {
	if !filepath.IsAbs(path) {
		return nil, fmt.Errorf("%q is a relative path, and tests run in many folders: "+
			"write an absolute one", path)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	lines, err := parse(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return lines, nil
}

// parse returns the lines of a .jsonl or .jsonl.gz file, each of which must be a
// record.
func parse(content []byte) ([][]byte, error) {
	if bytes.HasPrefix(content, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(bytes.NewReader(content))
		if err != nil {
			return nil, err
		}
		if content, err = io.ReadAll(unpacked); err != nil {
			return nil, err
		}
	}
	var lines [][]byte
	for number, line := range bytes.Split(bytes.TrimSpace(content), []byte("\n")) {
		var record struct {
			ID          string          `json:"id"`
			CreatedTime string          `json:"createdTime"`
			Fields      json.RawMessage `json:"fields"`
		}
		err := json.Unmarshal(line, &record)
		if err == nil && (record.ID == "" || record.CreatedTime == "" || record.Fields == nil) {
			err = errors.New("the record needs id, createdTime and fields")
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number+1, err)
		}
		lines = append(lines, line)
	}
	return lines, nil
}
