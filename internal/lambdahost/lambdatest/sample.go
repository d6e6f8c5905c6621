package lambdatest

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// record is a line of the sample.
type record struct {
	ID          string         `json:"id"`
	CreatedTime string         `json:"createdTime"`
	Fields      map[string]any `json:"fields"`
}

// Sample makes a file of the first n records of the real sample, as change leaves their fields (nil: as they are), for the tests of a folder of functions/. It returns its path.
func Sample(t testing.TB, n int, change func(fields map[string]any)) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sample.jsonl")
	if err := writeSample(path, n, change); err != nil {
		t.Fatal(err)
	}
	return path
}

func writeSample(path string, n int, change func(fields map[string]any)) error {
	packed, err := os.Open("../../../shared/data/lead_bugs.jsonl.gz")
	if err != nil {
		return err
	}
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	in, out := json.NewDecoder(bufio.NewReader(unpacked)), json.NewEncoder(file)
	for range n {
		var r record
		if err := in.Decode(&r); err != nil {
			return err
		}
		if change != nil {
			change(r.Fields)
		}
		if err := out.Encode(r); err != nil {
			return err
		}
	}
	return file.Close()
}
