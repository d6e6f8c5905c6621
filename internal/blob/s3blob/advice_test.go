package s3blob_test

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"voc/internal/blob/s3blob"
)

func TestErrorNamesSetting(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		step http.HandlerFunc
		text []string
	}{
		"no bucket": {reject(404, "NoSuchBucket"), []string{"NoSuchBucket", "SNAPSHOT_STORE"}},
		"no rights": {reject(403, "AccessDenied"),
			[]string{"AccessDenied", "s3:PutObject", "s3:ListBucket"}},
		"another region, moved": {
			reject(301, "PermanentRedirect", "X-Amz-Bucket-Region", "eu-central-1"),
			[]string{"AWS_REGION=eu-central-1"}},
		"another region, signed for the wrong one": {
			reject(400, "AuthorizationHeaderMalformed", "X-Amz-Bucket-Region", "eu-central-1"),
			[]string{"AWS_REGION=eu-central-1"}},
		"expired, in the bucket's region": {
			reject(400, "ExpiredToken", "X-Amz-Bucket-Region", "us-east-1"),
			[]string{"expired", "AWS_SESSION_TOKEN"}},
		"unknown key":  {reject(403, "InvalidAccessKeyId"), []string{"AWS_ACCESS_KEY_ID"}},
		"wrong secret": {reject(403, "SignatureDoesNotMatch"), []string{"AWS_SECRET_ACCESS_KEY"}},
		"no conditional writes": {reject(501, "NotImplemented"),
			[]string{"conditional writes", "SNAPSHOT_STORE"}},
	} {
		t.Run(name, func(t *testing.T) {
			store, _ := serve(t, c.step)
			_, err := store.Replace(t.Context(), "manifest.json", []byte("{}"), "")
			if err == nil {
				t.Fatal("no error")
			}
			contains(t, err.Error(), append(c.text, "replace manifest.json in s3://bucket/voc")...)
			if strings.Contains(err.Error(), "operation error") || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error has the SDK's text: %v", err)
			}
		})
	}
}

func TestForbiddenHeadNamesRights(t *testing.T) {
	t.Parallel()
	store, _ := serve(t, reject(403, ""))
	_, err := store.Stat(t.Context(), "object")
	if err == nil {
		t.Fatal("no error")
	}
	contains(t, err.Error(), "403", "s3:ListBucket")
}

func TestOpenRejectsMissingRegion(t *testing.T) {
	t.Parallel()
	_, err := s3blob.Open(s3blob.Config{Bucket: "bucket"}, credentials(t))
	if err == nil {
		t.Fatal("no error")
	}
	contains(t, err.Error(), "s3://bucket", "AWS_REGION")
}

func TestMissingCredentials(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	store, s3 := serve(t, accept)
	_, err := store.Get(t.Context(), "object")
	if err == nil {
		t.Fatal("no error")
	}
	contains(t, err.Error(), "no AWS credentials", "AWS_ACCESS_KEY_ID")
	if s3.calls() != 0 {
		t.Error("a request was sent without credentials")
	}
}

// closedAddress returns the URL of a port on which nothing listens.
func closedAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return "http://" + listener.Addr().String()
}
