package s3blob

import (
	"cmp"
	"context"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"voc/internal/blob"
)

// List implements blob.Store. It holds one page of S3, a thousand objects, at a time.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		for info, err := range s.list(ctx, prefix) {
			if !yield(info, s.wrap(ctx, "list", prefix, err)) || err != nil {
				return
			}
		}
	}
}

func (s *Store) list(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		if err := cmp.Or(ctx.Err(), blob.CheckPrefix(prefix)); err != nil {
			yield(blob.Info{}, err)
			return
		}
		in := &s3.ListObjectsV2Input{}
		in.Bucket, in.Prefix = s.address(prefix)
		for pages := s3.NewListObjectsV2Paginator(s.reads, in); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(blob.Info{}, err)
				return
			}
			if !s.yieldPage(ctx, page, yield) {
				return
			}
		}
	}
}

// yieldPage yields the objects of a page and reports whether the listing continues.
func (s *Store) yieldPage(
	ctx context.Context, page *s3.ListObjectsV2Output, yield func(blob.Info, error) bool,
) bool {
	date := dateOf(page.ResultMetadata)
	for _, object := range page.Contents {
		if err := ctx.Err(); err != nil {
			yield(blob.Info{}, err)
			return false
		}
		key := strings.TrimPrefix(aws.ToString(object.Key), s.prefix)
		if blob.CheckKey(key) != nil {
			continue
		}
		info := infoOf(key, object.ETag, object.Size, object.LastModified)
		info.Date = date
		if !yield(info, nil) {
			return false
		}
	}
	return true
}
