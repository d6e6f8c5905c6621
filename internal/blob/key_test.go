package blob_test

import (
	"errors"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"voc/internal/blob"
)

func TestCheckKey(t *testing.T) {
	segment := strings.Repeat("s", 255)
	for _, c := range []struct {
		name, key string
		valid     bool
	}{
		{"one segment", "manifest.json", true},
		{"folders", "snapshots/2026-11-23/01J_a.db", true},
		{"every character", "AZ/az/09/a.b/_/-", true},
		{"dots inside", "a..b", true},
		{"longest segment", segment, true},
		{"512 bytes", segment + "/" + segment[:250] + "/abcde", true},
		{"513 bytes", segment + "/" + segment[:250] + "/abcdef", false},
		{"segment of 256 bytes", segment + "s", false},
		{"empty", "", false},
		{"leading slash", "/a", false},
		{"trailing slash", "a/", false},
		{"empty segment", "a//b", false},
		{"parent", "../a", false},
		{"parent inside", "a/../b", false},
		{"current folder", "./a", false},
		{"hidden", "a/.b", false},
		{"backslash", `a\b`, false},
		{"space", "a b", false},
		{"percent", "a%2Fb", false},
		{"NUL", "a\x00", false},
		{"not ASCII", "ä", false},
		{"not UTF-8", "\xff", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := blob.CheckKey(c.key)
			if (err == nil) != c.valid || err != nil && !errors.Is(err, blob.ErrInvalidKey) {
				t.Errorf("error %v, valid: %v", err, c.valid)
			}
		})
	}
}

func TestCheckPrefix(t *testing.T) {
	const key = "snapshots/2026-11/a.db"
	for n := range len(key) + 1 {
		if err := blob.CheckPrefix(key[:n]); err != nil {
			t.Errorf("%q: %v", key[:n], err)
		}
	}
	for _, prefix := range []string{"/", "a//", "../", ".", "a/."} {
		if err := blob.CheckPrefix(prefix); !errors.Is(err, blob.ErrInvalidKey) {
			t.Errorf("%q: %v, want ErrInvalidKey", prefix, err)
		}
	}
}

func FuzzCheckKeyStaysInDirectory(f *testing.F) {
	for _, seed := range []string{"a/b", "..", "a/../../b", "/etc", "a\\..\\b", "C:x", "a/./b",
		"%2e%2e/x", "a\x00/b", ".store/x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if blob.CheckKey(key) != nil {
			return
		}
		if !filepath.IsLocal(key) || path.Clean(key) != key || strings.HasPrefix(key, ".") ||
			strings.Contains(key, "/.") {
			t.Errorf("%q is a key", key)
		}
	})
}
