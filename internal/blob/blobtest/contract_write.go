package blobtest

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"voc/internal/blob"
)

func putNewNeverOverwrites(s subject) {
	s.put("object", "first")
	_, err := s.PutNew(s.Context(), "object", strings.NewReader("second"))
	s.fails("PutNew on an object", err, blob.ErrExist)
	s.holds("object", "first")
}

func putNewFromStart(s subject) {
	body := strings.NewReader("from the start")
	io.CopyN(io.Discard, body, 5)
	if _, err := s.PutNew(s.Context(), "object", body); err != nil {
		s.Fatal(err)
	}
	s.holds("object", "from the start")
}

func putNewOfFailingBody(s subject) {
	broken := errors.New("source broke")
	body := tripwire{strings.NewReader(strings.Repeat("x", 100_000)), func() error { return broken }}
	_, err := s.PutNew(s.Context(), "object", body)
	s.fails("PutNew of a body that fails", err, broken)
	s.lacks("object")
	if keys := s.keys(""); len(keys) != 0 {
		s.Errorf("left behind: %q", keys)
	}
}

// tripwire is a body that does something, and may fail, when a Read has gone past its first half.
type tripwire struct {
	*strings.Reader
	trip func() error
}

func (w tripwire) Read(p []byte) (int, error) {
	if int64(w.Len()) < w.Size()/2 {
		if err := w.trip(); err != nil {
			return 0, err
		}
	}
	return w.Reader.Read(p[:min(len(p), 4096)])
}

// WriteTo hides that of strings.Reader, which would go around Read.
func (w tripwire) WriteTo(to io.Writer) (int64, error) {
	return io.Copy(to, struct{ io.Reader }{w})
}

func replaceNeedsCurrent(s subject) {
	stale := s.put("object", "one").Version
	current := s.replace("object", "two", stale).Version
	for name, c := range map[string]struct {
		key     string
		version blob.Version
	}{
		"stale":                    {"object", stale},
		"zero, of an object":       {"object", ""},
		"another object's":         {"object", s.put("other", "other").Version},
		"of an object not there":   {"absent", current},
		"of a file, as a folder's": {"object/below", current},
	} {
		_, err := s.Replace(s.Context(), c.key, []byte("three"), c.version)
		s.fails("Replace with a version "+name, err, blob.ErrChanged)
	}
	s.holds("object", "two")
	s.lacks("absent")
	s.replace("object", "three", current)
	s.holds("object", "three")
}

func replaceCreates(s subject) {
	created := s.replace("folder/object", "one", "")
	if _, read := s.read("folder/object"); read.Version != created.Version || created.Size != 3 || created.Key != "folder/object" {
		s.Errorf("created %+v, read %+v", created, read)
	}
	s.holds("folder/object", "one")
}

func replaceCopies(s subject) {
	body := []byte("mine")
	if _, err := s.Replace(s.Context(), "object", body, ""); err != nil {
		s.Fatal(err)
	}
	copy(body, "gone")
	s.holds("object", "mine")
}

func versionsDiffer(s subject) {
	seen := map[blob.Version]string{}
	var current blob.Version
	for i := range 50 {
		body := fmt.Sprintf("%02d", i)
		current = s.replace("object", body, current).Version
		if other := seen[current]; other != "" {
			s.Fatalf("bodies %s and %s have version %q", other, body, current)
		}
		seen[current] = body
	}
}

func deleteLeavesNothing(s subject) {
	s.put("folder/object", "one")
	for _, key := range []string{"absent", "folder", "folder/object/below"} {
		if err := s.Delete(s.Context(), key); err != nil {
			s.Errorf("Delete of what is not there: %v", err)
		}
	}
	s.holds("folder/object", "one")
	for range 2 {
		if err := s.Delete(s.Context(), "folder/object"); err != nil {
			s.Fatal(err)
		}
		s.lacks("folder/object")
	}
	s.put("folder/object", "two")
	s.holds("folder/object", "two")
}
