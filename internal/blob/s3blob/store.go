package s3blob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"voc/internal/blob"
)

// Config names a place in a bucket.
type Config struct {
	Bucket   string
	Prefix   string // of all keys, without a slash at either end; may be empty
	Endpoint string // URL of an S3-compatible server, which is addressed path-style; "" for AWS
}

// Store is a blob.Store in a bucket. It needs no closing.
type Store struct {
	bucket, prefix string // the prefix ends in a slash unless it is empty
	region         string
	reads, writes  *s3.Client
}

var _ blob.Store = (*Store)(nil)

// someRegion is what requests to an S3-compatible server are signed for when none is set: such servers take this one.
const someRegion = "us-east-1"

// Open makes a store with the credentials and the region of shared. It asks S3 nothing: a bucket that is not there shows at the first operation.
func Open(cfg Config, shared aws.Config) (*Store, error) {
	s := &Store{bucket: cfg.Bucket}
	if cfg.Prefix != "" {
		s.prefix = cfg.Prefix + "/"
	}
	if cfg.Endpoint != "" {
		shared.Region = cmp.Or(shared.Region, someRegion)
	}
	if shared.Region == "" {
		return nil, fmt.Errorf("open store %s: %w", s, errNoRegion)
	}
	s.region = shared.Region
	s.reads = newClient(shared, cfg.Endpoint, readTransport)
	s.writes = newClient(shared, cfg.Endpoint, writeTransport)
	return s, nil
}

var errNoRegion = errors.New("no AWS region is set: set AWS_REGION to that of the bucket")

// String is the place as a URL.
func (s *Store) String() string {
	return "s3://" + strings.TrimSuffix(s.bucket+"/"+s.prefix, "/")
}

// at is where the object of this key is.
func (s *Store) at(key string) (bucket, object *string) {
	return &s.bucket, aws.String(s.prefix + key)
}

func check(ctx context.Context, key string) error {
	return cmp.Or(ctx.Err(), blob.CheckKey(key))
}

// wrap names verb, key and place, once for every method, and says what to do.
func (s *Store) wrap(ctx context.Context, verb, key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s in %s: %w", verb, key, s, s.advise(ctx, err))
}
