package s3blob

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"voc/internal/blob"
)

// Config is a place in a bucket.
type Config struct {
	Bucket   string
	Prefix   string // of all keys, without a slash at either end; may be empty
	Endpoint string // URL of an S3-compatible server, addressed path-style; "" for AWS
	Setting  string // name of the program's setting that holds the place, for error messages
}

// Store is a blob.Store in a bucket. It needs no closing.
type Store struct {
	bucket, prefix string // the prefix ends in a slash unless it is empty
	region         string
	setting        string
	reads, writes  *s3.Client
}

var _ blob.Store = (*Store)(nil)

// defaultRegion signs requests to an S3-compatible server if no region is set; such
// servers accept it.
const defaultRegion = "us-east-1"

// Open returns a store with the credentials and the region of shared. It sends no
// request: the first operation reports a missing bucket. It returns an error if there is
// no region.
func Open(cfg Config, shared aws.Config) (*Store, error) {
	s := &Store{bucket: cfg.Bucket, setting: cmp.Or(cfg.Setting, "the configuration")}
	if cfg.Prefix != "" {
		s.prefix = cfg.Prefix + "/"
	}
	if cfg.Endpoint != "" {
		shared.Region = cmp.Or(shared.Region, defaultRegion)
	}
	if shared.Region == "" {
		return nil, fmt.Errorf("open store %s: no AWS region: set AWS_REGION to the bucket's", s)
	}
	s.region = shared.Region
	s.reads = newClient(shared, cfg.Endpoint, func(t *http.Transport) {
		t.ResponseHeaderTimeout = readTimeout
		t.MaxIdleConnsPerHost = 1
	})
	s.writes = newClient(shared, cfg.Endpoint, func(t *http.Transport) {
		t.ResponseHeaderTimeout = writeTimeout
		t.DisableKeepAlives = true
	})
	return s, nil
}

// String returns the place as a URL.
func (s *Store) String() string {
	return "s3://" + strings.TrimSuffix(s.bucket+"/"+s.prefix, "/")
}

// address returns the bucket and the full key of the object.
func (s *Store) address(key string) (bucket, object *string) {
	return &s.bucket, aws.String(s.prefix + key)
}

func check(ctx context.Context, key string) error {
	return cmp.Or(ctx.Err(), blob.CheckKey(key))
}

// wrap adds verb, key, place and advice to an error, in the same form for every method.
func (s *Store) wrap(ctx context.Context, verb, key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s in %s: %w", verb, key, s, s.advise(ctx, err))
}
