package access_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"voc/internal/access"
)

const page = "https://voc.example.com"

func TestParseOrigins(t *testing.T) {
	got, err := access.ParseOrigins("https://App.example.com:443, https://*.example.com,," +
		"http://localhost:5173,http://[::1]:80, https://x.example.com/")
	expect(t, "error", err, nil)
	expect(t, "origins", got, access.Origins{
		"https://app.example.com", "https://*.example.com", "http://localhost:5173", "http://[::1]",
		"https://x.example.com",
	})
	for value, words := range map[string]string{
		"*": "entry 1", "https://x, app.example.com": "entry 2", "https://x//": "without a path",
		"https://x?": "origin such as", "http://*.example.com": "origin such as",
		"https://*.com": "origin such as", "https://a.*.com": "origin such as",
		"https://u@x": "origin such as", "null": "origin such as", "https://ä.de": "origin such as",
		"https://x:": "origin such as",
	} {
		if _, err := access.ParseOrigins(value); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: error %v, want one with %q", value, err, words)
		}
	}
}

func TestAllow(t *testing.T) {
	origins := access.Origins{page, "http://localhost:3000", "https://*.preview.example.com"}
	for origin, allowed := range map[string]bool{
		"":                                           false,
		page:                                         true,
		"http://localhost:3000":                      true,
		"https://a.preview.example.com":              true,
		"https://pr-12_x.preview.example.com":        true,
		"http://voc.example.com":                     false,
		"https://voc.example.com:443":                false,
		"https://voc.example.com:8443":               false,
		"https://VOC.example.com":                    false,
		"https://voc.example.com/":                   false,
		"https://voc.example.com.attacker.net":       false,
		"https://evilvoc.example.com":                false,
		"http://localhost:3001":                      false,
		"http://localhost":                           false,
		"https://preview.example.com":                false,
		"https://.preview.example.com":               false,
		"https://a.b.preview.example.com":            false,
		"https://a.preview.example.com.attacker.net": false,
		"https://attacker.net/.preview.example.com":  false,
		"https://attacker.net?.preview.example.com":  false,
		"https://attacker.net#.preview.example.com":  false,
		"https://u@a.preview.example.com":            false,
		"https://a:1.preview.example.com":            false,
		"https://*.preview.example.com":              false,
		"https://é.preview.example.com":              false,
		"https://a.preview.example.com:8443":         false,
		"http://a.preview.example.com":               false,
		"https://a.Preview.example.com":              false,
		"https://apreview.example.com":               false,
		"https://a.preview.example.com\r\nX-Evil: 1": false,
		page + "\r\nX-Evil: 1":                       false,
		page + ", " + page:                           false,
		"https://localhost":                          false,
		"https://a":                                  false,
		"a.preview.example.com":                      false,
		"a":                                          false,
		"null":                                       false,
		"*":                                          false,
		" ":                                          false,
	} {
		if got := origins.Allow(origin); got != allowed {
			t.Errorf("%q: %v, want %v", origin, got, allowed)
		}
		if access.Origins(nil).Allow(origin) {
			t.Errorf("%q is allowed without origins", origin)
		}
	}
}

// FuzzAllow compares with another reading of what an allowed origin is.
func FuzzAllow(f *testing.F) {
	for _, seed := range []string{
		page, "https://a.preview.example.com", "https://a.b.preview.example.com", "null",
		"https://a.preview.example.com:1", "https://é.preview.example.com",
		"https://.preview.example.com", "https://localhost", "a.preview.example.com",
	} {
		f.Add(seed)
	}
	origins := access.Origins{page, "https://*.preview.example.com"}
	f.Fuzz(func(t *testing.T, origin string) {
		if got, want := origins.Allow(origin), allowed(origin); got != want {
			t.Errorf("%q: %v, want %v", origin, got, want)
		}
	})
}

func allowed(origin string) bool {
	u, err := url.Parse(origin)
	if origin == page || err != nil || u.Scheme != "https" || u.String() != origin ||
		u.Host != strings.TrimPrefix(origin, "https://") {
		return origin == page
	}
	labels := strings.Split(u.Host, ".")
	inLabel := func(c rune) bool {
		return c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
	}
	return labels[0] != "" && strings.TrimFunc(labels[0], inLabel) == "" &&
		slices.Equal(labels[1:], []string{"preview", "example", "com"})
}
