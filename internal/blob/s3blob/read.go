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
	if err := check(ctx, key); err != nil {
		return nil, s.wrap(ctx, "get", key, err)
	}
	in := &s3.GetObjectInput{}
	in.Bucket, in.Key = s.address(key)
	if since != "" {
		in.IfNoneMatch = aws.String(string(since))
	}
	out, err := s.reads.GetObject(ctx, in)
	switch {
	case statusOf(err) == http.StatusNotModified: // an error to the SDK; its code varies by server
		err = blob.ErrNotModified
	case isMissing(err):
		err = blob.ErrNotExist
	}
	if err != nil {
		return nil, s.wrap(ctx, "get", key, err)
	}
	info := infoOf(key, out.ETag, out.ContentLength, out.LastModified, out.ResultMetadata)
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
		// A 404 without a body does not distinguish a missing object from a missing bucket.
		_, err := s.reads.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &s.bucket})
		switch statusOf(err) {
		case http.StatusNotFound:
			return info, "", &advised{
				text: "the bucket does not exist", advice: s.codeAdvice("NoSuchBucket"),
			}
		case 0:
			return info, "", cmp.Or(err, blob.ErrNotExist)
		}
		// Even if the credentials lack the right to read the bucket.
		return info, "", blob.ErrNotExist
	}
	if err != nil {
		return info, "", err
	}
	info = infoOf(key, out.ETag, out.ContentLength, out.LastModified, out.ResultMetadata)
	return info, out.Metadata[markName], nil
}

// infoOf returns the Info of an object with the store's clock in the response; zero if
// the response has none.
func infoOf(
	key string, etag *string, size *int64, modified *time.Time, response middleware.Metadata,
) blob.Info {
	date, _ := awsmiddleware.GetServerTime(response)
	return blob.Info{
		Key: key, Version: blob.Version(aws.ToString(etag)), Size: aws.ToInt64(size),
		LastModified: aws.ToTime(modified).UTC(), Date: date.UTC(),
	}
}
