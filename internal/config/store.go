package config

import (
	"errors"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
)

// Store is the place of the snapshots: a directory or a prefix in a bucket.
type Store struct {
	Dir string // "" for a bucket; the default is relative to the working directory

	Bucket   string
	Prefix   string // of all keys, without a slash at either end; may be empty
	Endpoint string // URL of an S3-compatible server; "" for AWS
}

// Bucket names follow S3's rules (user guide, "General purpose bucket naming rules", 2026).
// Prefixes need no escaping in a URL and leave room for a key.
var (
	bucketPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	prefixPattern = regexp.MustCompile(
		`^([A-Za-z0-9_-][A-Za-z0-9._-]*)(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$`)
)

const maxPrefix = 256 // bytes

func parseStore(value string) (Store, error) {
	u, err := url.Parse(value)
	if err != nil || u.User != nil || u.Port() != "" || strings.ContainsAny(value, "?#") ||
		u.Scheme != "s3" && (u.Scheme != "file" || u.Host != "") {
		return Store{}, errors.New(
			"must be s3://bucket/prefix, or file:///directory with the full path of the directory")
	}
	prefix := strings.Trim(u.Path, "/")
	switch {
	case u.Scheme == "file" && filepath.Clean("/"+u.Path) == "/":
		return Store{}, errors.New("names no directory: use file:///directory")
	case u.Scheme == "file":
		return Store{Dir: filepath.Clean(u.Path)}, nil
	case !bucketPattern.MatchString(u.Host):
		return Store{}, errors.New("must be s3://bucket/prefix: the name of a bucket has " +
			"3 to 63 characters of a-z, 0-9, dot and dash")
	case prefix != "" && !prefixPattern.MatchString(prefix) || len(prefix) > maxPrefix:
		return Store{}, errors.New("must be s3://bucket/prefix: a prefix has at most 256 characters " +
			"of A-Z, a-z, 0-9, _, - and dot, in parts with a slash between; no part begins with a dot")
	}
	return Store{Bucket: u.Host, Prefix: prefix}, nil
}
