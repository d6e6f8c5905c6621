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

// Get is that of blob.Store.
func (s *Store) Get(ctx context.Context, key string) (*blob.Object, error) {
	return s.GetIfChanged(ctx, key, "")
}

// GetIfChanged is that of blob.Store.
func (s *Store) GetIfChanged(ctx context.Context, key string, since blob.Version) (*blob.Object, error) {
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
	in.Bucket, in.Key = s.at(key)
	if since != "" {
		in.IfNoneMatch = aws.String(string(since))
	}
	out, err := s.reads.GetObject(ctx, in)
	switch {
	case statusOf(err) == http.StatusNotModified: // the SDK makes an error of it, whose code depends on the server
		return nil, blob.ErrNotModified
	case isAbsent(err):
		return nil, blob.ErrNotExist
	case err != nil:
		return nil, err
	}
	info := infoOf(key, out.ETag, out.ContentLength, out.LastModified)
	info.Date = dateOf(out.ResultMetadata)
	return &blob.Object{Info: info, Body: blob.NewBody(ctx, out.Body, info.Size)}, nil
}

// Stat is that of blob.Store.
func (s *Store) Stat(ctx context.Context, key string) (blob.Info, error) {
	info, _, err := s.head(ctx, key)
	return info, s.wrap(ctx, "stat", key, err)
}

// head also gives the mark of the write that made the object.
func (s *Store) head(ctx context.Context, key string) (info blob.Info, mark string, err error) {
	if err := check(ctx, key); err != nil {
		return info, "", err
	}
	in := &s3.HeadObjectInput{}
	in.Bucket, in.Key = s.at(key)
	out, err := s.reads.HeadObject(ctx, in)
	if isAbsent(err) {
		return info, "", s.missing(ctx)
	}
	if err != nil {
		return info, "", err
	}
	info = infoOf(key, out.ETag, out.ContentLength, out.LastModified)
	info.Date = dateOf(out.ResultMetadata)
	return info, out.Metadata[markName], nil
}

// missing tells an absent object from an absent bucket, since a 404 without a body does not.
func (s *Store) missing(ctx context.Context) error {
	_, err := s.reads.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &s.bucket})
	switch {
	case statusOf(err) == http.StatusNotFound:
		return errNoBucket
	case statusOf(err) == 0:
		return cmp.Or(err, blob.ErrNotExist)
	}
	return blob.ErrNotExist // whoever may not ask for the bucket was told about the object all the same
}

func infoOf(key string, etag *string, size *int64, modified *time.Time) blob.Info {
	return blob.Info{Key: key, Version: blob.Version(aws.ToString(etag)), Size: aws.ToInt64(size), LastModified: aws.ToTime(modified).UTC()}
}

// dateOf is the store's clock when it answered; zero if it does not tell.
func dateOf(metadata middleware.Metadata) time.Time {
	date, _ := awsmiddleware.GetServerTime(metadata)
	return date.UTC()
}
