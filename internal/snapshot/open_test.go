package snapshot_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
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
	file := snaptest.New(t, snaptest.Cells{"a": snaptest.Early, "b": snaptest.Late})
	for _, part := range file.Sealed.Parts {
		snaptest.Check(t, os.Chmod(part.Path, 0o400))
	}
	if got := snaptest.IDs(t, file); !slices.Equal(got, []string{"b", "a"}) {
		t.Errorf("records %v", got)
	}
	got := snaptest.Names(t, filepath.Dir(file.Path(snapshot.Serve)))
	want := []string{"details.sqlite", "list.sqlite", "serve.sqlite", "source.sqlite"}
	if !slices.Equal(got, want) {
		t.Errorf("the directory has %v", got)
	}
	for kind, part := range file.Sealed.Parts {
		content, err := os.ReadFile(part.Path)
		snaptest.Check(t, err)
		if content[18] != 1 || content[19] != 1 { // 2 would ask each reader for a -wal and a -shm
			t.Errorf("%s: bytes 18 and 19 of the header are %d and %d", kind, content[18], content[19])
		}
		var integrity string
		row := snaptest.Connect(t, part.Path).QueryRowContext(t.Context(), `PRAGMA integrity_check`)
		if err := row.Scan(&integrity); err != nil || integrity != "ok" {
			t.Errorf("%s: integrity_check returns %q, %v", kind, integrity, err)
		}
	}
}

// Readers do not wait even for a program that locks the file.
func TestReadersNeedNoLock(t *testing.T) {
	t.Parallel()
	file := snaptest.New(t, snaptest.Cells{"a": snaptest.Early})
	snaptest.Alter(t, file.Path(snapshot.Serve), `PRAGMA locking_mode = exclusive; BEGIN EXCLUSIVE`)
	if got := snaptest.IDs(t, file); !slices.Equal(got, []string{"a"}) {
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
			file := snaptest.Open(t, sealed)
			if diff := cmp.Diff(want, snaptest.Originals(t, file).Meta()); diff != "" {
				t.Errorf("meta (-sealed +opened):\n%s", diff)
			}
			readers, err := file.Meta(t.Context())
			snaptest.Check(t, err)
			if diff := cmp.Diff(want.WithoutSource(), readers); diff != "" {
				t.Errorf("meta for readers (-sealed +opened):\n%s", diff)
			}
		})
	}
}

// open opens a part.
func open(t *testing.T, kind snapshot.Kind, path string) error {
	t.Helper()
	file := snapshot.New(1, func(context.Context, snapshot.Kind) (string, error) { return path, nil })
	t.Cleanup(func() { _ = file.Close() })
	return file.Need(t.Context(), kind)
}

// Need returns ErrFormat for a snapshot of an unsupported format, with both versions.
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
			path := snaptest.Create(t, snaptest.Cells{"a": snaptest.Early}).Parts[snapshot.Serve].Path
			snaptest.Alter(t, path, fmt.Sprintf(`PRAGMA user_version = %d`, test.version))
			err := open(t, snapshot.Serve, path)
			if !test.rejected {
				snaptest.Check(t, err)
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

// Need returns ErrNotSnapshot with the path, and leaves no file behind.
func TestOpenRejectsOtherFiles(t *testing.T) {
	t.Parallel()
	sealed := snaptest.Create(t, snaptest.Cells{"a": snaptest.Early})
	valid, err := os.ReadFile(sealed.Parts[snapshot.Serve].Path)
	snaptest.Check(t, err)
	const marked = `PRAGMA application_id = 0x766f6331; PRAGMA user_version = 5; `
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
			err := open(t, snapshot.Serve, path)
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
	sealed := snaptest.Create(t, snaptest.Cells{"a": snaptest.Early, "b": snaptest.Late})
	valid, err := os.ReadFile(sealed.Parts[snapshot.Serve].Path)
	snaptest.Check(t, err)
	path := filepath.Join(t.TempDir(), "cut.sqlite")
	lengths := []int{1, 15, 16, 17, 99, 100, 101, len(valid) - 1}
	for n := 512; n < len(valid); n += 1024 { // in pages and between them
		lengths = append(lengths, n, n+512)
	}
	for _, n := range lengths {
		snaptest.Check(t, os.WriteFile(path, valid[:min(n, len(valid)-1)], 0o600))
		if err := open(t, snapshot.Serve, path); !errors.Is(err, snapshot.ErrNotSnapshot) {
			t.Errorf("after %d of %d bytes: %v", n, len(valid), err)
		}
	}
}

// If a file cannot be opened at all, its snapshot must not be replaced as damaged.
func TestOpenMissingFile(t *testing.T) {
	t.Parallel()
	err := open(t, snapshot.Serve, filepath.Join(t.TempDir(), "none.sqlite"))
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
		first := snaptest.Open(t, snaptest.Seal(t, draft))
		fork, _ := snaptest.Start(t, first, true)
		got := snaptest.IDs(t, snaptest.Open(t, snaptest.Seal(t, fork)))
		if !slices.Equal(got, []string{"a"}) {
			t.Errorf("%q: a fork has %v", name, got)
		}
		if got := snaptest.Names(t, filepath.Dir(dir)); !slices.Equal(got, []string{name}) {
			t.Errorf("%q: the parent directory has %q", name, got)
		}
	}
}

// A part of one kind is not opened as another.
func TestOpenRejectsOtherParts(t *testing.T) {
	t.Parallel()
	sealed := snaptest.Create(t, snaptest.Cells{"a": snaptest.Early})
	for _, kind := range snapshot.ForReaders() {
		for _, other := range snapshot.Kinds() {
			err := open(t, kind, sealed.Parts[other].Path)
			if errors.Is(err, snapshot.ErrNotSnapshot) != (kind != other) {
				t.Errorf("%s as %s: %v", other, kind, err)
			}
		}
	}
}

// A part is fetched when a question needs it first, and again after an error.
func TestPartsAreFetchedWhenNeeded(t *testing.T) {
	t.Parallel()
	sealed := snaptest.Create(t, snaptest.Cells{"a": snaptest.Early})
	for name, test := range map[string]struct {
		ask  func(*snapshot.File) error
		want []snapshot.Kind
	}{
		"records": {func(f *snapshot.File) error {
			selection, err := f.Select(t.Context(), feedback.Filter{})
			if n, _ := selection.Count(t.Context()); n != 1 {
				t.Errorf("%d records", n)
			}
			return err
		}, nil},
		"list": {func(f *snapshot.File) error {
			body, _, err := f.Body(t.Context(), snapshot.Gzip)
			if err == nil {
				_ = body.Close()
			}
			return err
		}, []snapshot.Kind{snapshot.List}},
		"record": {func(f *snapshot.File) error {
			_, err := f.Detail(t.Context(), "a")
			return err
		}, []snapshot.Kind{snapshot.Details}},
		"tombstone": {func(f *snapshot.File) error {
			if _, err := f.Tombstone(t.Context(), "b"); !errors.Is(err, snapshot.ErrNoRecord) {
				return err
			}
			return nil
		}, []snapshot.Kind{snapshot.Details}},
		"page": {func(f *snapshot.File) error {
			selection, err := f.Select(t.Context(), feedback.Filter{})
			if err == nil {
				_, err = selection.Page(t.Context(), feedback.Newest, 0, 5)
			}
			return err
		}, []snapshot.Kind{snapshot.Serve}},
		"search": {func(f *snapshot.File) error {
			text, err := feedback.ParseText("early")
			snaptest.Check(t, err)
			_, err = f.Select(t.Context(), feedback.Filter{Text: text})
			return err
		}, []snapshot.Kind{snapshot.Serve}},
		"facets": {func(f *snapshot.File) error {
			_, _, err := f.Report(t.Context(), snapshot.FacetsReport, nil)
			return err
		}, []snapshot.Kind{snapshot.Serve}},
	} {
		t.Run(name, func(t *testing.T) {
			var fetched []snapshot.Kind
			fault := errors.New("the store is down")
			file := snapshot.New(1, func(_ context.Context, kind snapshot.Kind) (string, error) {
				if fault != nil {
					return "", fault
				}
				fetched = append(fetched, kind)
				return sealed.Parts[kind].Path, nil
			})
			defer file.Close()
			if err := test.ask(file); !errors.Is(err, fault) && test.want != nil {
				t.Errorf("without the store: %v", err)
			}
			fault = nil
			for range 2 {
				snaptest.Check(t, test.ask(file))
			}
			if !slices.Equal(fetched, test.want) || !slices.Equal(file.Opened(), test.want) {
				t.Errorf("fetched %v and opened %v, want %v", fetched, file.Opened(), test.want)
			}
		})
	}
}

// What format 4 had in one file is read as the three parts that it is now.
func TestReadsFormat4(t *testing.T) {
	t.Parallel()
	records := maps.Clone(awkward)
	records["gone"] = snaptest.Early
	parent := snaptest.New(t, records)
	fork, _ := snaptest.Start(t, parent, true)
	snaptest.Remove(t, fork, "gone")
	now := snaptest.Open(t, snaptest.Seal(t, fork))
	was := snaptest.Open(t, snaptest.Format4(t, now))
	for name, answer := range map[string]func(*snaptest.Snapshot) any{
		"list": func(s *snaptest.Snapshot) any { return snaptest.WholeList(t, s) },
		"bodies": func(s *snaptest.Snapshot) any {
			var all []string
			for encoding := range snaptest.Encodings {
				body, err := snaptest.Body(t, s, encoding)
				snaptest.Check(t, err)
				all = append(all, body)
			}
			return all
		},
		"records": func(s *snaptest.Snapshot) any {
			all := map[string]string{}
			for _, id := range snaptest.IDs(t, s) {
				all[id] = snaptest.Detail(t, s, id)
			}
			return all
		},
		"tombstone": func(s *snaptest.Snapshot) any {
			tombstone, err := s.Tombstone(t.Context(), "gone")
			snaptest.Check(t, err)
			return tombstone
		},
		"facets": func(s *snaptest.Snapshot) any {
			facets, err := s.Facets(t.Context(), feedback.Filter{})
			snaptest.Check(t, err)
			return string(facets)
		},
		"check": func(s *snaptest.Snapshot) any { return s.Check(t.Context()) },
	} {
		if diff := cmp.Diff(answer(now), answer(was)); diff != "" {
			t.Errorf("%s (-now +format 4):\n%s", name, diff)
		}
	}
}

// FuzzOpen changes a few bytes of a part: no read of it panics.
func FuzzOpen(f *testing.F) {
	sealed := snaptest.Create(f, snaptest.Cells{
		"a": snaptest.Early, "b": snaptest.Middle, "c": snaptest.Late,
	})
	for _, at := range []uint32{0, 18, 28, 56, 100, 105, 4096, 5000, 9000, 20_000, 40_000, 60_000} {
		for part := range uint8(3) {
			f.Add(part, at, []byte{0xff})
			f.Add(part, at, []byte{0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff})
		}
	}
	f.Fuzz(func(t *testing.T, part uint8, at uint32, bytes []byte) {
		kind := snapshot.ForReaders()[int(part)%len(snapshot.ForReaders())]
		damaged, err := os.ReadFile(sealed.Parts[kind].Path)
		snaptest.Check(t, err)
		copy(damaged[int(at)%len(damaged):], bytes)
		path := filepath.Join(t.TempDir(), "damaged.sqlite")
		snaptest.Check(t, os.WriteFile(path, damaged, 0o600))
		altered := snapshot.Sealed{Records: 3, Parts: maps.Clone(sealed.Parts)}
		altered.Parts[kind] = snapshot.Part{Path: path}
		file := snaptest.Open(t, altered)
		if packed, err := file.Detail(t.Context(), "a"); err == nil {
			_, _ = packed.Text()
		}
		_, _ = snaptest.Count(t.Context(), file, feedback.Filter{Any: snaptest.Any{"team": {"triage"}}})
		for encoding := range snaptest.Encodings {
			if body, _, err := file.Body(t.Context(), encoding); err == nil {
				_, _ = io.Copy(io.Discard, body)
				_ = body.Close()
			}
		}
	})
}
