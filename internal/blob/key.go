package blob

import (
	"fmt"
	"strings"
)

// The limits of keys, in bytes: S3 allows 1024 for prefix and key (user guide, "Naming Amazon S3 objects", 2026), Linux
// file systems 255 for one name.
const (
	maxKey     = 512
	maxSegment = 255
)

// CheckKey says whether key is one: segments of A-Z a-z 0-9 . _ - joined by single slashes, none beginning with a
// dot, 255 bytes each and 512 in all at most. So a key is a relative path that cannot leave its directory, means
// the same in a URL, and leaves dot names to the stores. The error is [ErrInvalidKey].
//
// No key should be another's folder (a beside a/b): S3 keeps both, a directory refuses the second.
func CheckKey(key string) error {
	if len(key) > maxKey {
		return fmt.Errorf("%w: %q… has %d bytes, more than %d", ErrInvalidKey, key[:32], len(key), maxKey)
	}
	for segment := range strings.SplitSeq(key, "/") {
		if fault := faultOf(segment); fault != "" {
			return fmt.Errorf("%w: %q %s", ErrInvalidKey, key, fault)
		}
	}
	return nil
}

// CheckPrefix says whether prefix is "" or the beginning of a key, which may end in a slash.
func CheckPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	return CheckKey(strings.TrimSuffix(prefix, "/"))
}

func faultOf(segment string) string {
	switch {
	case segment == "":
		return "has an empty segment"
	case segment[0] == '.':
		return "has a segment that begins with a dot"
	case len(segment) > maxSegment:
		return fmt.Sprintf("has a segment of more than %d bytes", maxSegment)
	case strings.ContainsFunc(segment, foreign):
		return "has a character other than A-Z a-z 0-9 . _ - /"
	}
	return ""
}

func foreign(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.', r == '_', r == '-':
		return false
	}
	return true
}
