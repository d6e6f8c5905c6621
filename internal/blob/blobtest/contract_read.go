package blobtest

import (
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"voc/internal/blob"
)

func missingIsErrNotExist(s subject) {
	s.put("folder/object", "x")
	for _, key := range []string{"missing", "folder", "folder/missing", "folder/object/below"} {
		_, err := s.Get(s.Context(), key)
		s.checkError("Get "+key, err, blob.ErrNotExist)
		_, err = s.GetIfChanged(s.Context(), key, "some")
		s.checkError("GetIfChanged "+key, err, blob.ErrNotExist)
		_, err = s.Stat(s.Context(), key)
		s.checkError("Stat "+key, err, blob.ErrNotExist)
	}
}

func readsAsWritten(s subject) {
	for key, body := range map[string]string{
		"empty": "", "one": "1", "a/b/c/deep": strings.Repeat("voc\n", 5000),
	} {
		written := s.put(key, body)
		got, read := s.read(key)
		if got != body {
			s.Errorf("%s: %d bytes read, not the %d written", key, len(got), len(body))
		}
		stat, err := s.Stat(s.Context(), key)
		if err != nil {
			s.Fatal(err)
		}
		for _, info := range []blob.Info{written, read, stat} {
			if info.Key != key || info.Size != int64(len(body)) ||
				info.Version != written.Version || info.Version == "" {
				s.Errorf("info %+v, want %d bytes of %s, version %q",
					info, len(body), key, written.Version)
			}
		}
	}
}

func bigObject(s subject) {
	body := io.NewSectionReader(pattern{}, 0, 16<<20)
	if _, err := s.PutNew(s.Context(), "big", body); err != nil {
		s.Fatal(err)
	}
	object, err := s.Get(s.Context(), "big")
	if err != nil {
		s.Fatal(err)
	}
	defer object.Body.Close()
	want := hashOf(s, io.NewSectionReader(body, 0, body.Size()))
	if object.Size != body.Size() || hashOf(s, object.Body) != want {
		s.Error("the body is not what was written")
	}
}

// pattern is endless content that costs no memory: a repeated block. The length of the
// block is prime, so that a misplaced part is detected.
type pattern struct{}

var block = func() []byte {
	b := make([]byte, 65_521)
	rand.NewChaCha8([32]byte{}).Read(b)
	return b
}()

func (pattern) ReadAt(p []byte, offset int64) (n int, _ error) {
	for n < len(p) {
		n += copy(p[n:], block[(offset+int64(n))%int64(len(block)):])
	}
	return n, nil
}

func hashOf(s subject, r io.Reader) [sha256.Size]byte {
	s.Helper()
	hash := sha256.New()
	if _, err := io.Copy(hash, r); err != nil {
		s.Fatal(err)
	}
	return [sha256.Size]byte(hash.Sum(nil))
}

func getIfChanged(s subject) {
	first := s.put("object", "one")
	object, err := s.GetIfChanged(s.Context(), "object", first.Version)
	s.checkError("GetIfChanged since the current version", err, blob.ErrNotModified)
	if object != nil {
		s.Error("GetIfChanged returned an object and ErrNotModified")
	}
	second := s.replace("object", "two", first.Version)
	for _, since := range []blob.Version{first.Version, ""} {
		object, err := s.GetIfChanged(s.Context(), "object", since)
		if err != nil {
			s.Fatalf("GetIfChanged since %q: %v", since, err)
		}
		if body := s.readBody(object); body != "two" || object.Version != second.Version {
			s.Errorf("GetIfChanged since %q: %q of version %q", since, body, object.Version)
		}
	}
}

func bodyOutlivesObject(s subject) {
	body := strings.Repeat("old ", 10_000)
	info := s.put("object", body)
	replaced, err := s.Get(s.Context(), "object")
	if err != nil {
		s.Fatal(err)
	}
	s.replace("object", strings.Repeat("new!", 10_000), info.Version)
	if s.readBody(replaced) != body {
		s.Error("a body opened before a replacement has other content")
	}
	deleted, err := s.Get(s.Context(), "object")
	if err != nil {
		s.Fatal(err)
	}
	if err := s.Delete(s.Context(), "object"); err != nil {
		s.Fatal(err)
	}
	if !strings.HasPrefix(s.readBody(deleted), "new!new!") {
		s.Error("a body opened before a deletion has other content")
	}
}

func timesByOneClock(s subject) {
	put := s.put("object", "one")
	replaced := s.replace("object", "two", put.Version)
	_, got := s.read("object")
	for _, write := range []blob.Info{put, replaced} {
		if !write.LastModified.IsZero() || write.Date.IsZero() {
			s.Errorf("a write returns LastModified %v and Date %v, want none and the store's",
				write.LastModified, write.Date)
		}
	}
	// Times are exact to the second, so two of them may differ by one.
	if got.Date.Add(time.Second).Before(replaced.Date) {
		s.Errorf("the Date went back from %v to %v", replaced.Date, got.Date)
	}
	if age := got.Date.Sub(got.LastModified); age < -time.Second || age > time.Minute {
		s.Errorf("a new object is %v old", age)
	}
	if got.Date.Location() != time.UTC || got.LastModified.Location() != time.UTC {
		s.Errorf("times %v and %v are not in UTC", got.Date, got.LastModified)
	}
}

func anotherHandle(s subject) {
	other := subject{T: s.T, Store: s.open(), open: s.open}
	info := s.put("object", "one")
	other.checkBody("object", "one")
	info = other.replace("object", "two", info.Version)
	s.checkBody("object", "two")
	if _, got := s.read("object"); got.Version != info.Version {
		s.Errorf("handles return different versions: %q and %q", got.Version, info.Version)
	}
	if err := s.Delete(s.Context(), "object"); err != nil {
		s.Fatal(err)
	}
	other.checkMissing("object")
	if keys := other.keys(""); len(keys) != 0 {
		s.Errorf("the other handle lists %q", keys)
	}
}
