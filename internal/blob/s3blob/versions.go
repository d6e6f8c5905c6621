package s3blob

import (
	"cmp"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"voc/internal/blob"
)

// DeleteVersions implements blob.Versioned. It leaves delete markers, so that a deletion
// that fails halfway brings nothing back. Some servers do not know versions (R2 responds
// with NotImplemented, https://developers.cloudflare.com/r2/api/s3/api/, November 2026).
func (s *Store) DeleteVersions(ctx context.Context, prefix string) error {
	err := s.deleteVersions(ctx, prefix)
	switch codeOf(err) {
	case "NotImplemented", "MethodNotAllowed":
		return nil
	case "AccessDenied":
		err = fmt.Errorf("s3:ListBucketVersions and s3:DeleteObjectVersion are needed: %w", err)
	}
	return s.wrap(ctx, "delete the old versions of", prefix, err)
}

func (s *Store) deleteVersions(ctx context.Context, prefix string) error {
	if err := cmp.Or(ctx.Err(), blob.CheckPrefix(prefix)); err != nil {
		return err
	}
	in := &s3.ListObjectVersionsInput{}
	in.Bucket, in.Prefix = s.address(prefix)
	for pages := s3.NewListObjectVersionsPaginator(s.reads, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, version := range page.Versions {
			if aws.ToBool(version.IsLatest) {
				continue
			}
			_, err := s.writes.DeleteObject(ctx, &s3.DeleteObjectInput{
				Bucket: in.Bucket, Key: version.Key, VersionId: version.VersionId,
			})
			if err != nil && !isMissing(err) {
				return err
			}
		}
	}
	return nil
}
