package manifesttest

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"voc/internal/feedback"
	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
)

// BytesOf returns files that can be published as a snapshot, for tests that do not open
// them: one for readers, and the source.
func BytesOf(t testing.TB, run string) snapshot.Sealed {
	t.Helper()
	dir, parts := t.TempDir(), map[snapshot.Kind]snapshot.Part{}
	for kind, content := range map[snapshot.Kind]string{
		snapshot.Serve: "the snapshot of ", snapshot.Sources: "the records of ",
	} {
		parts[kind] = Written(t, filepath.Join(dir, string(kind)), content+run)
	}
	return snapshot.Sealed{
		Parts: parts, Records: len(run),
		Contents: snapshot.Contents{
			ContentSHA256: "content of " + run, ComputedSHA256: "computed of " + run,
		},
	}
}

// Written writes a file of a snapshot.
func Written(t testing.TB, path, content string) snapshot.Part {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(content))
	return snapshot.Part{
		Path: path, Bytes: int64(len(content)), SHA256: hex.EncodeToString(digest[:]),
	}
}

// PageSize is the size of the pages of Paged.
const PageSize = 512

// Paged returns files that can be published as a snapshot, for tests that do not open them: each
// has a page for each of the texts, with bytes that depend on the text alone and do not compress.
func Paged(t testing.TB, texts ...string) snapshot.Sealed {
	t.Helper()
	dir := t.TempDir()
	sealed := snapshot.Sealed{Records: len(texts), Parts: map[snapshot.Kind]snapshot.Part{}}
	for _, kind := range []snapshot.Kind{snapshot.Serve, snapshot.Sources} {
		content := make([]byte, len(texts)*PageSize)
		for i, text := range texts {
			seed := sha256.Sum256([]byte(string(kind) + text))
			_, _ = rand.NewChaCha8(seed).Read(content[i*PageSize : (i+1)*PageSize]) // never fails
		}
		copy(content, "SQLite format 3\x00\x02\x00") // 0x200: its page size
		sealed.Parts[kind] = Written(t, filepath.Join(dir, string(kind)), string(content))
	}
	return sealed
}

// Edited returns a snapshot that differs from a real one in a few pages: it names another run.
func Edited(t testing.TB, file snapshot.Sealed, run string) snapshot.Sealed {
	t.Helper()
	dir := t.TempDir()
	file.Parts = maps.Clone(file.Parts)
	for kind, part := range file.Parts {
		content, err := os.ReadFile(part.Path)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, string(kind))
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		const rename = `PRAGMA journal_mode = OFF; UPDATE meta SET json = json_set(json, '$.run', ?)`
		if _, err := db.ExecContext(t.Context(), rename, run); err != nil {
			t.Fatal(err)
		}
		if content, err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
		file.Parts[kind] = Written(t, path, string(content))
	}
	return file
}

// Sealed returns a real snapshot, which names the run that made it. It costs tens of
// milliseconds.
func Sealed(t testing.TB, run string) snapshot.Sealed {
	t.Helper()
	draft, err := build.New(t.Context(), t.TempDir(), nil)
	if err == nil {
		err = draft.Put(t.Context(), build.Row{
			Feedback: feedback.Feedback{ID: "rec1", Description: run, Created: Noon},
			Source: snapshot.Source{
				ID: "rec1", CreatedTime: Noon, Fields: []byte("{}"),
				Digest: []byte(run), Computed: []byte(run),
			},
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	file, err := draft.Seal(t.Context(), snapshot.Meta{Base: Base, Run: run, Mapping: []byte("{}")})
	if err != nil {
		t.Fatal(err)
	}
	return file
}
