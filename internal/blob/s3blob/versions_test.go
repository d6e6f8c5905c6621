package s3blob_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"voc/internal/blob/s3blob"
)

// A deleted object stays as a version, and so does what a Replace replaced. DeleteVersions
// deletes those below a prefix, and no current object.
func TestDeleteVersions(t *testing.T) {
	t.Parallel()
	server := inMemory(t)
	bucket := newBucket(t, server)
	client := s3.NewFromConfig(credentials(t), func(o *s3.Options) {
		o.BaseEndpoint, o.UsePathStyle, o.Region = &server, true, "us-east-1"
	})
	if _, err := client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
		Bucket: &bucket, VersioningConfiguration: &types.VersioningConfiguration{
			Status: types.BucketVersioningStatusEnabled,
		},
	}); err != nil {
		t.Fatal(err)
	}
	store := open(t, s3blob.Config{Bucket: bucket, Prefix: "voc", Endpoint: server})
	for _, key := range []string{"snapshots/a", "snapshots/b", "sources/a"} {
		put(t, store, key, "content of "+key)
	}
	for _, key := range []string{"snapshots/a", "sources/a"} {
		if err := store.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.DeleteVersions(t.Context(), "snapshots/"); err != nil {
		t.Fatal(err)
	}
	page, err := client.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: &bucket})
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, version := range page.Versions {
		left = append(left, *version.Key)
	}
	if got := strings.Join(left, " "); got != "voc/snapshots/b voc/sources/a" {
		t.Errorf("the versions of %s are left", got)
	}
}

func TestDeleteVersionsWithoutVersions(t *testing.T) {
	t.Parallel()
	for code, fails := range map[string]bool{"NotImplemented": false, "AccessDenied": true} {
		status := http.StatusNotImplemented
		if fails {
			status = http.StatusForbidden
		}
		store, _ := serve(t, reject(status, code))
		if err := store.DeleteVersions(t.Context(), "snapshots/"); (err != nil) != fails {
			t.Errorf("%s: %v", code, err)
		}
	}
}
