package config

import (
	"errors"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
)

// Store is where the snapshots are: a directory, or a place in a bucket.
type Store struct {
	Dir string // "" for a bucket; relative to the working directory if it is the default

	Bucket   string
	Prefix   string // of all keys in the bucket, without a slash at either end; may be empty
	Endpoint string // URL of an S3-compatible server; "" for AWS
}

// The names that S3 takes (user guide, "General purpose bucket naming rules", 2026), and prefixes that need no escape and leave a key its room.
var (
	bucketPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	prefixPattern = regexp.MustCompile(`^([A-Za-z0-9_-][A-Za-z0-9._-]*)(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$`)
)

const longestPrefix = 256

func parseStore(value string) (Store, error) {
	u, err := url.Parse(value)
	switch {
	case err != nil || u.User != nil || u.Port() != "" || strings.ContainsAny(value, "?#"):
	case u.Scheme == "s3":
		return parseBucket(u)
	case u.Scheme == "file" && u.Host == "":
		return parseDirectory(u)
	}
	return Store{}, errors.New("must be s3://bucket/prefix, or file:///directory with the full path of the directory")
}

func parseBucket(u *url.URL) (Store, error) {
	prefix := strings.Trim(u.Path, "/")
	switch {
	case !bucketPattern.MatchString(u.Host):
		return Store{}, errors.New("must be s3://bucket/prefix, with the name of a bucket: 3 to 63 of a-z, 0-9, dot and dash")
	case prefix != "" && !prefixPattern.MatchString(prefix) || len(prefix) > longestPrefix:
		return Store{}, errors.New("must be s3://bucket/prefix, with a prefix of A-Z, a-z, 0-9, _, - and dots inside, at most 256, in folders if you like")
	}
	return Store{Bucket: u.Host, Prefix: prefix}, nil
}

func parseDirectory(u *url.URL) (Store, error) {
	dir := filepath.Clean(u.Path)
	if filepath.Clean("/"+u.Path) == "/" {
		return Store{}, errors.New("names no directory: use file:///directory")
	}
	return Store{Dir: dir}, nil
}

// store gives a bucket its server.
func (r *reading) store() Store {
	s := r.Store
	if s.Bucket != "" {
		s.Endpoint = string(r.S3Endpoint)
	}
	return s
}

// orDefault gives a base without a store one of its own.
func (s Store) orDefault(base Airtable) Store {
	if s == (Store{}) {
		s.Dir = filepath.Join("data", base.BaseID)
	}
	return s
}
