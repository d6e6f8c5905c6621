package snaptest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// Any is the type of Filter.Any.
type Any = map[string][]string

// List returns the newest summaries that match, at most limit of them (0: all).
func List(t T, file *Snapshot, filter feedback.Filter, limit int) []string {
	t.Helper()
	n, err := Count(t.Context(), file, filter)
	Check(t, err)
	if limit == 0 {
		limit = n
	}
	selection, err := file.Select(t.Context(), filter)
	Check(t, err)
	page, err := selection.Page(t.Context(), feedback.Newest, 0, limit)
	Check(t, err)
	all := []string{}
	for summary, err := range file.Summaries(t.Context(), page.Positions) {
		Check(t, err)
		all = append(all, string(summary))
	}
	if len(all) != min(n, limit) || page.More != (n > limit) {
		t.Errorf("%d of %d summaries, and more: %t", len(all), n, page.More)
	}
	return all
}

// Count returns how many records match.
func Count(ctx context.Context, file *Snapshot, filter feedback.Filter) (int, error) {
	selection, err := file.Select(ctx, filter)
	if err != nil {
		return 0, err
	}
	return selection.Count(ctx)
}

// IDs returns the ids of the records, newest first.
func IDs(t T, file *Snapshot) []string {
	t.Helper()
	all := []string{}
	for _, summary := range List(t, file, feedback.Filter{}, 0) {
		var record struct{ ID string }
		Check(t, json.Unmarshal([]byte(summary), &record))
		all = append(all, record.ID)
	}
	return all
}

// Detail returns the response for one record.
func Detail(t T, file *Snapshot, id string) string {
	t.Helper()
	packed, err := file.Detail(t.Context(), id)
	Check(t, err)
	text, err := packed.Text()
	Check(t, err)
	return string(text)
}

// Names returns the names in a directory.
func Names(t T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	Check(t, err)
	names := []string{}
	for _, entry := range entries {
		names = append(names, filepath.Base(entry.Name()))
	}
	return names
}

// Encodings are the encodings of the whole list with their decoders.
var Encodings = map[snapshot.Encoding]func(io.Reader) (io.Reader, error){
	snapshot.Identity: func(r io.Reader) (io.Reader, error) { return r, nil },
	snapshot.Gzip:     func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
}

// Body reads and decodes the whole list in an encoding, and checks its size.
func Body(t T, file *Snapshot, encoding snapshot.Encoding) (string, error) {
	t.Helper()
	opened, size, err := file.Body(t.Context(), encoding)
	if err != nil {
		return "", err
	}
	defer opened.Close()
	sent, err := io.ReadAll(opened)
	if err != nil || int64(len(sent)) != size {
		return "", fmt.Errorf("%d bytes, want %d: %w", len(sent), size, err)
	}
	decoder, err := Encodings[encoding](bytes.NewReader(sent))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(decoder)
	return string(text), err
}

// WholeList returns the whole list, joined from its rows.
func WholeList(t T, file *Snapshot) string {
	t.Helper()
	frame, rows := snapshot.ListFrame(), List(t, file, feedback.Filter{}, 0)
	return frame.Header + strings.Join(rows, frame.Separator) + frame.Footer
}
