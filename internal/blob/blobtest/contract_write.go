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
	s.checkError("PutNew over an object", err, blob.ErrExist)
	s.checkBody("object", "first")
}

func putNewFromStart(s subject) {
	body := strings.NewReader("from the start")
	io.CopyN(io.Discard, body, 5)
	if _, err := s.PutNew(s.Context(), "object", body); err != nil {
		s.Fatal(err)
	}
	s.checkBody("object", "from the start")
}

func putNewOfFailingBody(s subject) {
	broken := errors.New("source broke")
	text := strings.NewReader(strings.Repeat("x", 100_000))
	body := tripwire{text, func() error { return broken }}
	_, err := s.PutNew(s.Context(), "object", body)
	s.checkError("PutNew of a failing body", err, broken)
	s.checkMissing("object")
	if keys := s.keys(""); len(keys) != 0 {
		s.Errorf("left behind: %q", keys)
	}
}

// tripwire is a body that calls trip, and may fail, once its first half has been read.
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

// WriteTo hides the method of strings.Reader, which would bypass Read.
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
		"stale":                {"object", stale},
		"zero, of an object":   {"object", ""},
		"another object's":     {"object", s.put("other", "other").Version},
		"of a missing object":  {"missing", current},
		"below another object": {"object/below", current},
	} {
		_, err := s.Replace(s.Context(), c.key, []byte("three"), c.version)
		s.checkError("Replace with a version "+name, err, blob.ErrChanged)
	}
	s.checkBody("object", "two")
	s.checkMissing("missing")
	s.replace("object", "three", current)
	s.checkBody("object", "three")
}

func replaceCreates(s subject) {
	created := s.replace("folder/object", "one", "")
	_, read := s.read("folder/object")
	if read.Version != created.Version || created.Size != 3 || created.Key != "folder/object" {
		s.Errorf("created %+v, read %+v", created, read)
	}
	s.checkBody("folder/object", "one")
}

func replaceCopies(s subject) {
	body := []byte("mine")
	if _, err := s.Replace(s.Context(), "object", body, ""); err != nil {
		s.Fatal(err)
	}
	copy(body, "gone")
	s.checkBody("object", "mine")
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
	for _, key := range []string{"missing", "folder", "folder/object/below"} {
		if err := s.Delete(s.Context(), key); err != nil {
			s.Errorf("Delete of the missing %s: %v", key, err)
		}
	}
	s.checkBody("folder/object", "one")
	for range 2 {
		if err := s.Delete(s.Context(), "folder/object"); err != nil {
			s.Fatal(err)
		}
		s.checkMissing("folder/object")
	}
	s.put("folder/object", "two")
	s.checkBody("folder/object", "two")
}
