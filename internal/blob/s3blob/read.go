package s3blob

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"

	"voc/internal/blob"
)

// Get implements blob.Store.
func (s *Store) Get(ctx context.Context, key string) (*blob.Object, error) {
	return s.GetIfChanged(ctx, key, "")
}

// GetIfChanged implements blob.Store.
func (s *Store) GetIfChanged(
	ctx context.Context, key string, since blob.Version,
) (*blob.Object, error) {
	object, err := s.open(ctx, key, since)
	if err != nil {
		return nil, s.wrap(ctx, "get", key, err)
	}
	return object, nil
}

func (s *Store) open(ctx context.Context, key string, since blob.Version) (*blob.Object, error) {
	if err := check(ctx, key); err != nil {
		return nil, err
	}
	in := &s3.GetObjectInput{}
	in.Bucket, in.Key = s.address(key)
	if since != "" {
		in.IfNoneMatch = aws.String(string(since))
	}
	out, err := s.reads.GetObject(ctx, in)
	switch {
	case statusOf(err) == http.StatusNotModified: // an error to the SDK; its code varies by server
		return nil, blob.ErrNotModified
	case isMissing(err):
		return nil, blob.ErrNotExist
	case err != nil:
		return nil, err
	}
	info := infoOf(key, out.ETag, out.ContentLength, out.LastModified)
	info.Date = dateOf(out.ResultMetadata)
	return &blob.Object{Info: info, Body: blob.NewBody(ctx, out.Body, info.Size)}, nil
}

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, key string) (blob.Info, error) {
	info, _, err := s.head(ctx, key)
	return info, s.wrap(ctx, "stat", key, err)
}

// head also returns the mark of the write that created the object.
func (s *Store) head(ctx context.Context, key string) (info blob.Info, mark string, err error) {
	if err := check(ctx, key); err != nil {
		return info, "", err
	}
	in := &s3.HeadObjectInput{}
	in.Bucket, in.Key = s.address(key)
	out, err := s.reads.HeadObject(ctx, in)
	if isMissing(err) {
		return info, "", s.missingError(ctx)
	}
	if err != nil {
		return info, "", err
	}
	info = infoOf(key, out.ETag, out.ContentLength, out.LastModified)
	info.Date = dateOf(out.ResultMetadata)
	return info, out.Metadata[markName], nil
}

// missingError distinguishes a missing object from a missing bucket, which a 404 without
// a body does not.
func (s *Store) missingError(ctx context.Context) error {
	_, err := s.reads.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &s.bucket})
	switch {
	case statusOf(err) == http.StatusNotFound:
		return &advised{text: "the bucket does not exist", advice: s.checkBucket()}
	case statusOf(err) == 0:
		return cmp.Or(err, blob.ErrNotExist)
	}
	return blob.ErrNotExist // even if the credentials lack the right to read the bucket
}

func infoOf(key string, etag *string, size *int64, modified *time.Time) blob.Info {
	return blob.Info{
		Key: key, Version: blob.Version(aws.ToString(etag)), Size: aws.ToInt64(size),
		LastModified: aws.ToTime(modified).UTC(),
	}
}

// dateOf returns the store's clock in a response; zero if the response has none.
func dateOf(metadata middleware.Metadata) time.Time {
	date, _ := awsmiddleware.GetServerTime(metadata)
	return date.UTC()
}
