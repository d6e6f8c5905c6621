package snapshot_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/feedback"
	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
	"voc/internal/snapshot/snaptest"
)

// A sealed file passes SQLite's own check and needs no other file to be read.
func TestSealedFileStandsAlone(t *testing.T) {
	t.Parallel()
	path := snaptest.Create(t, snaptest.Cells{"a": snaptest.Early, "b": snaptest.Late})
	snaptest.Check(t, os.Chmod(path, 0o400))
	file := snaptest.Open(t, path)
	if got := snaptest.IDs(t, file); !slices.Equal(got, []string{"b", "a"}) {
		t.Errorf("records %v", got)
	}
	got := snaptest.Names(t, filepath.Dir(path))
	if !slices.Equal(got, []string{filepath.Base(path), "source.sqlite"}) {
		t.Errorf("the directory has %v", got)
	}
	content, err := os.ReadFile(path)
	snaptest.Check(t, err)
	if content[18] != 1 || content[19] != 1 { // 2 would ask each reader for a -wal and a -shm
		t.Errorf("bytes 18 and 19 of the header are %d and %d", content[18], content[19])
	}
	var integrity string
	row := snaptest.Connect(t, path).QueryRowContext(t.Context(), `PRAGMA integrity_check`)
	if err := row.Scan(&integrity); err != nil || integrity != "ok" {
		t.Errorf("integrity_check returns %q, %v", integrity, err)
	}
}

// Readers do not wait even for a program that locks the file.
func TestReadersNeedNoLock(t *testing.T) {
	t.Parallel()
	path := snaptest.Create(t, snaptest.Cells{"a": snaptest.Early})
	snaptest.Alter(t, path, `PRAGMA locking_mode = exclusive; BEGIN EXCLUSIVE`)
	if got := snaptest.IDs(t, snaptest.Open(t, path)); !slices.Equal(got, []string{"a"}) {
		t.Errorf("records %v", got)
	}
}

func TestMetaRoundTrip(t *testing.T) {
	t.Parallel()
	encoded, err := json.Marshal(snaptest.Mapping)
	snaptest.Check(t, err)
	for name, want := range map[string]snapshot.Meta{
		"full": {
			Base: "appA", TableID: "tblB", TableName: `Lead "Bugs" <1> 'é' 😀`, Years: "2024-2025",
			TableAs: "Bugs", Mapping: encoded, MappingVersion: 7,
			Fields: []snapshot.Field{
				{ID: "fld1", Name: "Notes & \u2028", Type: "multilineText"}, {ID: "fld2"},
			},
			Bound: snapshot.Binding{"Notes": "fld1", "": ""}, Blind: true,
			Run: "run-1", Program: "voc v1",
			CreatedAt: time.Date(2026, time.November, 23, 9, 0, 0, 123_456_789, time.UTC),
		},
		"without a schema": {Base: "appA", Mapping: json.RawMessage(`{}`)},
	} {
		t.Run(name, func(t *testing.T) {
			draft, _ := snaptest.Start(t, nil, false)
			sealed, err := draft.Seal(t.Context(), want)
			snaptest.Check(t, err)
			want.Contents = sealed.Contents
			file := snaptest.Open(t, sealed.Path)
			if diff := cmp.Diff(want, snaptest.Originals(t, file).Meta()); diff != "" {
				t.Errorf("meta (-sealed +opened):\n%s", diff)
			}
			if diff := cmp.Diff(want.ForReaders(), file.Meta()); diff != "" {
				t.Errorf("meta for readers (-sealed +opened):\n%s", diff)
			}
		})
	}
}

// Open returns ErrFormat for a snapshot of an unsupported format, with both versions.
func TestOpenRejectsOtherFormats(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		version  int
		rejected bool
	}{
		"newer":         {snapshot.Format + 1, true},
		"much newer":    {snapshot.Format + 100, true},
		"current":       {snapshot.Format, false},
		"before oldest": {snapshot.OldestFormat - 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			path := snaptest.Create(t, snaptest.Cells{"a": snaptest.Early})
			snaptest.Alter(t, path, fmt.Sprintf(`PRAGMA user_version = %d`, test.version))
			file, err := snapshot.Open(path)
			if !test.rejected {
				snaptest.Check(t, err)
				_ = file.Close()
				return
			}
			message := fmt.Sprintf("its format is %d, this program reads %d",
				test.version, snapshot.OldestFormat)
			if !errors.Is(err, snapshot.ErrFormat) || errors.Is(err, snapshot.ErrNotSnapshot) ||
				!strings.Contains(err.Error(), message) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// Open returns ErrNotSnapshot with the path, and leaves no file behind.
func TestOpenRejectsOtherFiles(t *testing.T) {
	t.Parallel()
	sealed := snaptest.Create(t, snaptest.Cells{"a": snaptest.Early})
	valid, err := os.ReadFile(sealed)
	snaptest.Check(t, err)
	const marked = `PRAGMA application_id = 0x766f6331; PRAGMA user_version = 4; `
	const otherTables = `CREATE TABLE meta (text); CREATE TABLE feedback (id)`
	for name, write := range map[string]func(*testing.T, string){
		"empty":               content(nil),
		"text":                content([]byte(strings.Repeat("no database at all\n", 300))),
		"header only":         content(valid[:100]),
		"zeros":               content(make([]byte, len(valid))),
		"other SQLite file":   statements(`CREATE TABLE meta (json TEXT)`),
		"mark without tables": statements(marked + `CREATE TABLE other (x)`),
		"mark, other tables":  statements(marked + otherTables),
		"no meta":             changed(valid, `DELETE FROM meta`),
		"meta not JSON":       changed(valid, `UPDATE meta SET json = '{'`),
		"no mark":             changed(valid, `PRAGMA application_id = 0`),
		"extra byte":          content(append(slices.Clone(valid), 0)),
		"extra page":          content(append(slices.Clone(valid), make([]byte, 4096)...)),
		"directory": func(t *testing.T, path string) {
			t.Helper()
			snaptest.Check(t, os.Mkdir(path, 0o700))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "given.sqlite")
			write(t, path)
			before := snaptest.Names(t, filepath.Dir(path))
			_, err := snapshot.Open(path)
			if !errors.Is(err, snapshot.ErrNotSnapshot) || !strings.Contains(err.Error(), path) {
				t.Errorf("the error is %v", err)
			}
			if got := snaptest.Names(t, filepath.Dir(path)); !slices.Equal(got, before) {
				t.Errorf("the directory has %v", got)
			}
		})
	}
}

// content returns a function that writes a file.
func content(bytes []byte) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		t.Helper()
		snaptest.Check(t, os.WriteFile(path, bytes, 0o600))
	}
}

// statements returns a function that makes a SQLite file.
func statements(sql string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		t.Helper()
		snaptest.Alter(t, path, sql)
	}
}

// changed returns a function that writes a snapshot and alters it.
func changed(snapshot []byte, sql string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		t.Helper()
		content(snapshot)(t, path)
		snaptest.Alter(t, path, sql)
	}
}

func TestOpenRejectsTruncatedFile(t *testing.T) {
	t.Parallel()
	valid, err := os.ReadFile(snaptest.Create(t, snaptest.Cells{
		"a": snaptest.Early, "b": snaptest.Late,
	}))
	snaptest.Check(t, err)
	path := filepath.Join(t.TempDir(), "cut.sqlite")
	lengths := []int{1, 15, 16, 17, 99, 100, 101, len(valid) - 1}
	for n := 512; n < len(valid); n += 1024 { // in pages and between them
		lengths = append(lengths, n, n+512)
	}
	for _, n := range lengths {
		snaptest.Check(t, os.WriteFile(path, valid[:min(n, len(valid)-1)], 0o600))
		if _, err := snapshot.Open(path); !errors.Is(err, snapshot.ErrNotSnapshot) {
			t.Errorf("after %d of %d bytes: %v", n, len(valid), err)
		}
	}
}

// If a file cannot be opened at all, its snapshot must not be replaced as damaged.
func TestOpenMissingFile(t *testing.T) {
	t.Parallel()
	_, err := snapshot.Open(filepath.Join(t.TempDir(), "none.sqlite"))
	if !errors.Is(err, fs.ErrNotExist) || errors.Is(err, snapshot.ErrNotSnapshot) {
		t.Errorf("the error is %v", err)
	}
}

func TestOpenAnyPath(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"a?b", "a%20b", "a#b", "a b", "é😀", "a;b&c=d", `a'b"c`, "a:b", "a+b", "?mode=memory",
		"a\nb", "a\xffb",
	} {
		dir := filepath.Join(t.TempDir(), name)
		snaptest.Check(t, os.Mkdir(dir, 0o700))
		draft, err := build.New(t.Context(), dir, nil)
		snaptest.Check(t, err)
		snaptest.Put(t, draft, snaptest.Cells{"a": snaptest.Early})
		first := snaptest.Open(t, snaptest.Seal(t, draft).Path)
		fork, _ := snaptest.Start(t, first, true)
		got := snaptest.IDs(t, snaptest.Open(t, snaptest.Seal(t, fork).Path))
		if !slices.Equal(got, []string{"a"}) {
			t.Errorf("%q: a fork has %v", name, got)
		}
		if got := snaptest.Names(t, filepath.Dir(dir)); !slices.Equal(got, []string{name}) {
			t.Errorf("%q: the parent directory has %q", name, got)
		}
	}
}

// FuzzOpen changes a few bytes of a sealed file: no read of it panics.
func FuzzOpen(f *testing.F) {
	valid, err := os.ReadFile(snaptest.Create(f, snaptest.Cells{
		"a": snaptest.Early, "b": snaptest.Middle, "c": snaptest.Late,
	}))
	if err != nil {
		f.Fatal(err)
	}
	for _, at := range []uint32{0, 18, 28, 56, 100, 105, 4096, 5000, 9000, 20_000, 40_000, 60_000} {
		f.Add(at, []byte{0xff})
		f.Add(at, []byte{0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff})
	}
	f.Fuzz(func(t *testing.T, at uint32, bytes []byte) {
		damaged := slices.Clone(valid)
		copy(damaged[int(at)%len(damaged):], bytes)
		path := filepath.Join(t.TempDir(), "damaged.sqlite")
		snaptest.Check(t, os.WriteFile(path, damaged, 0o600))
		file, err := snapshot.Open(path)
		if err != nil {
			return
		}
		defer file.Close()
		_, _ = file.Detail(t.Context(), "a")
		_, _ = snaptest.Count(t.Context(), file, feedback.Filter{Any: snaptest.Any{"team": {"triage"}}})
		for _, encoding := range []snapshot.Encoding{snapshot.Identity, snapshot.Gzip, snapshot.Brotli} {
			if body, _, err := file.Body(t.Context(), encoding); err == nil {
				_ = body.Close()
			}
		}
	})
}
