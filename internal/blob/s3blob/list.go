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
		if err := s.list(ctx, prefix, yield); err != nil {
			yield(blob.Info{}, s.wrap(ctx, "list", prefix, err))
		}
	}
}

// list yields the objects until yield returns false, and returns an error that ends it.
func (s *Store) list(
	ctx context.Context, prefix string, yield func(blob.Info, error) bool,
) error {
	if err := cmp.Or(ctx.Err(), blob.CheckPrefix(prefix)); err != nil {
		return err
	}
	in := &s3.ListObjectsV2Input{}
	in.Bucket, in.Prefix = s.address(prefix)
	for pages := s3.NewListObjectsV2Paginator(s.reads, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, object := range page.Contents {
			if err := ctx.Err(); err != nil {
				return err
			}
			key := strings.TrimPrefix(aws.ToString(object.Key), s.prefix)
			if blob.CheckKey(key) != nil {
				continue
			}
			info := infoOf(
				key, object.ETag, object.Size, object.LastModified, page.ResultMetadata)
			if !yield(info, nil) {
				return nil
			}
		}
	}
	return nil
}
