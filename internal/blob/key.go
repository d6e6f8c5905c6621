package blob

import (
	"fmt"
	"strings"
)

// The limits of keys, in bytes. S3 allows 1024 for prefix and key together
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html, November
// 2026), Linux file systems 255 for a name.
const (
	maxKey     = 512
	maxSegment = 255

	keyCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
)

// CheckKey returns [ErrInvalidKey] unless key consists of segments of A-Z a-z 0-9 . _ -
// joined by single slashes, none beginning with a dot, of at most 255 bytes each and 512
// in all. So a key is a relative path that cannot leave its directory, means the same in
// a URL, and leaves names that begin with a dot to the stores.
//
// No key should be the folder of another (a beside a/b): S3 keeps both, a directory
// rejects the second.
func CheckKey(key string) error {
	if len(key) > maxKey {
		return fmt.Errorf("%w: %q… has %d bytes, more than %d", ErrInvalidKey, key[:32], len(key), maxKey)
	}
	for segment := range strings.SplitSeq(key, "/") {
		if fault := segmentFault(segment); fault != "" {
			return fmt.Errorf("%w: %q %s", ErrInvalidKey, key, fault)
		}
	}
	return nil
}

// CheckPrefix returns [ErrInvalidKey] unless prefix is "" or the beginning of a key,
// which may end in a slash.
func CheckPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	return CheckKey(strings.TrimSuffix(prefix, "/"))
}

func segmentFault(segment string) string {
	switch {
	case segment == "":
		return "has an empty segment"
	case segment[0] == '.':
		return "has a segment that begins with a dot"
	case len(segment) > maxSegment:
		return fmt.Sprintf("has a segment of more than %d bytes", maxSegment)
	case strings.ContainsFunc(segment, func(r rune) bool {
		return !strings.ContainsRune(keyCharacters, r)
	}):
		return "has a character other than A-Z a-z 0-9 . _ - /"
	}
	return ""
}
