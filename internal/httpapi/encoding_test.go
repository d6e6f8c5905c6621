package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

// decoded returns the body before encoding.
func (a answer) decoded(t testing.TB) string {
	t.Helper()
	switch encoding := strings.Join(a.Header.Values("Content-Encoding"), ","); encoding {
	case "":
		return a.body
	case "br":
		return readAll(t, brotli.NewReader(strings.NewReader(a.body)))
	case "gzip":
		z, err := gzip.NewReader(strings.NewReader(a.body))
		if err != nil {
			t.Fatal(err)
		}
		return readAll(t, z)
	default:
		t.Fatalf("encoded as %q", encoding)
		return ""
	}
}

// Lists and records are sent as gzip to a client that accepts both, and not encoded to one that
// accepts Brotli alone, which only reports are stored in.
func TestAcceptEncoding(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for _, c := range []struct{ accepted, want string }{
		{"", ""}, {"identity", ""}, {"gzip", "gzip"}, {"br", ""}, {"gzip, br", "gzip"},
		{"br, gzip", "gzip"}, {"gzip, deflate, br, zstd", "gzip"}, {"deflate", ""}, {"zstd", ""},
		{"GZIP", "gzip"}, {"Br", ""}, {" gzip ,", "gzip"}, {"gzip ; q=1", "gzip"},
		{"gzip;q=0.001", "gzip"}, {"gzip;Q=0.5", "gzip"},
		{"br;q=0", ""}, {"br;q=0, gzip", "gzip"}, {"br;q=0.0, gzip;q=0.1", "gzip"},
		{"br;q=0.1, gzip;q=1", "gzip"}, {"gzip;q=0, br;q=0", ""}, {"gzip;q=0.000", ""},
		{"*", "gzip"}, {"*;q=0", ""}, {"br;q=0, *", "gzip"}, {"gzip, *;q=0", "gzip"},
		{"identity;q=0", ""},
		{"identity;q=0, gzip", "gzip"}, {"*;q=0.5, br;q=0", "gzip"},
		{"gzip;q=-1", ""}, {"gzip;q=2", ""}, {"gzip;q=nan", ""}, {"gzip;q=inf", ""}, {"gzip;q=x", ""},
		{"gzip;q=", ""}, {"gzip;q", ""}, {"gzip;level=9", ""}, {"gzip;q=0;x=1", ""},
		{"gzipped", ""}, {"xgzip", ""}, {"gzip br", ""}, {";;;,,,q=1", ""}, {"\x00gzip", ""},
		{strings.Repeat("a,", 10_000) + "gzip", "gzip"},
	} {
		for _, target := range []string{
			"/api/feedback/", "/api/feedback/?limit=45", "/api/feedback/?team=beta",
			"/api/feedback/rec00000000000002", "/api/cache/",
		} {
			a := s.get(target, "Accept-Encoding", c.accepted)
			if a.is(t, 200); a.Header.Get("Content-Encoding") != c.want {
				t.Errorf("%s, %.50q: encoded as %q, want %q", target, c.accepted,
					a.Header.Get("Content-Encoding"), c.want)
			}
		}
	}
}

func TestAcceptEncodingOnSeveralLines(t *testing.T) {
	t.Parallel()
	s := serving(t)
	s.get("/api/feedback/", "Accept-Encoding", "deflate", "Accept-Encoding", "gzip").
		has(t, "Content-Encoding", "gzip")
	s.get("/api/feedback/", "Accept-Encoding", "gzip", "Accept-Encoding", "br;q=0").
		has(t, "Content-Encoding", "gzip")
}

var encodedTargets = []string{
	"/api/feedback/", "/api/feedback/?team=nobody", "/api/feedback/?limit=1", "/api/feedback/?limit=2",
	"/api/feedback/?limit=25", "/api/feedback/?limit=40", "/api/feedback/?limit=1000",
	"/api/feedback/?priority=High", "/api/feedback/?team=Triage&priority=low",
	"/api/feedback/?environment=CW%202.0", "/api/cache/", "/api/cache/runs", "/api/health",
	"/api/live",
}

func TestEncodedBodiesDecode(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for _, target := range append(
		encodedTargets, "/api/feedback/rec00000000000001", "/nowhere", "/api/feedback/?x=1",
	) {
		s.decodes(t, target)
	}
}

// decodes checks that all encodings of a response have the same body.
func (s *service) decodes(t *testing.T, target string) {
	t.Helper()
	plain := s.get(target)
	for _, encoding := range []string{"gzip", "br", "gzip, br"} {
		a := s.get(target, "Accept-Encoding", encoding)
		if a.decoded(t) != plain.body || a.StatusCode != plain.StatusCode ||
			a.Header.Get("Content-Type") != plain.Header.Get("Content-Type") {
			t.Errorf(
				"%s as %s: %d %.100q, want %.100q", target, encoding, a.StatusCode, a.decoded(t), plain.body,
			)
		}
	}
}

// usesTheSmallest checks that the smaller of two accepted encodings is used.
func (s *service) usesTheSmallest(t *testing.T, target string) {
	t.Helper()
	length := func(encoding string) int { return len(s.get(target, "Accept-Encoding", encoding).body) }
	if both, gzip, br := length("gzip, br"), length("gzip"), length("br"); both > min(gzip, br) {
		t.Errorf("%s: %d bytes, gzip has %d and Brotli %d", target, both, gzip, br)
	}
}

func TestSmallestEncoding(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for _, target := range encodedTargets {
		s.usesTheSmallest(t, target)
	}
	for _, row := range s.get("/api/feedback/").list(t) {
		s.usesTheSmallest(t, "/api/feedback/"+row.ID)
	}
}

func TestShortBodiesAreNotEncoded(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for _, target := range []string{"/api/feedback/?team=nobody", "/api/health", "/api/live"} {
		s.get(target, "Accept-Encoding", "gzip, br").has(t, "Content-Encoding", "")
	}
}

// TestContentLength reads over a connection, where a wrong length is an error. Only a streamed body
// has no length.
func TestContentLength(t *testing.T) {
	t.Parallel()
	s := serving(t)
	server := httptest.NewServer(s)
	defer server.Close()
	for _, target := range append(encodedTargets, "/api/feedback/rec00000000000001", "/nowhere") {
		for _, encoding := range []string{"identity", "gzip", "br"} {
			a := fetch(t, server, http.MethodGet, target, encoding)
			if rows := strings.HasSuffix(target, "=40"); int(a.ContentLength) != len(a.body) && !rows {
				t.Errorf(
					"%s as %s: %d bytes, Content-Length %d", target, encoding, len(a.body), a.ContentLength,
				)
			}
			if got, want := a.decoded(t), s.get(target).body; got != want {
				t.Errorf("%s as %s: %.80q, want %.80q", target, encoding, got, want)
			}
		}
	}
}

// TestConcurrentCompressors reads many responses at once, because compressors are reused.
func TestConcurrentCompressors(t *testing.T) {
	t.Parallel()
	s := serving(t)
	server := httptest.NewServer(s)
	defer server.Close()
	want := map[string]string{}
	for _, target := range encodedTargets {
		if strings.HasPrefix(target, "/api/feedback/") {
			want[target] = s.get(target).body
		}
	}
	t.Run("at once", func(t *testing.T) {
		for range 4 {
			for target, body := range want {
				for _, encoding := range []string{"gzip", "br"} {
					t.Run(encoding+" "+target, func(t *testing.T) {
						t.Parallel()
						if fetch(t, server, http.MethodGet, target, encoding).decoded(t) != body {
							t.Error("another body")
						}
					})
				}
			}
		}
	})
}

// FuzzAcceptEncoding checks that the body does not depend on the header, and its encoding is
// accepted.
func FuzzAcceptEncoding(f *testing.F) {
	for _, seed := range []string{
		"", "gzip", "br;q=0,*", "gzip;q=0.5;br", "*;q=0", "GZIP,\tBR", "br;q=1e-9", "gzip;q=\x00",
	} {
		f.Add(seed)
	}
	s := serving(f)
	targets := []string{"/api/feedback/", "/api/feedback/?team=beta", "/api/feedback/?limit=45"}
	plain := map[string]string{}
	for _, target := range targets {
		plain[target] = s.get(target).body
	}
	f.Fuzz(func(t *testing.T, accepted string) {
		s.t = t
		for _, target := range targets {
			a := s.get(target, "Accept-Encoding", accepted)
			if a.is(t, 200); a.decoded(t) != plain[target] {
				t.Errorf("%s, %q: another body", target, accepted)
			}
			encoding := a.Header.Get("Content-Encoding")
			named := strings.ToLower(accepted)
			if !strings.Contains(named, encoding) && !strings.Contains(named, "*") {
				t.Errorf("%s, %q: encoded as %s", target, accepted, encoding)
			}
		}
	})
}
