package s3blob_test

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"voc/internal/blob/s3blob"
)

func TestAnErrorNamesTheSettingToChange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		words  []string
	}{
		"no bucket":             {refuse(404, "NoSuchBucket"), []string{"NoSuchBucket", "SNAPSHOT_STORE"}},
		"no rights":             {refuse(403, "AccessDenied"), []string{"AccessDenied", "s3:PutObject", "s3:ListBucket"}},
		"another region, moved": {refuse(301, "PermanentRedirect", "X-Amz-Bucket-Region", "eu-central-1"), []string{"AWS_REGION=eu-central-1"}},
		"another region, signed for the wrong one": {
			refuse(400, "AuthorizationHeaderMalformed", "X-Amz-Bucket-Region", "eu-central-1"), []string{"AWS_REGION=eu-central-1"}},
		"expired, in the bucket's region": {refuse(400, "ExpiredToken", "X-Amz-Bucket-Region", "us-east-1"), []string{"expired", "AWS_SESSION_TOKEN"}},
		"unknown key":                     {refuse(403, "InvalidAccessKeyId"), []string{"AWS_ACCESS_KEY_ID"}},
		"wrong secret":                    {refuse(403, "SignatureDoesNotMatch"), []string{"AWS_SECRET_ACCESS_KEY"}},
		"no conditional writes":           {refuse(501, "NotImplemented"), []string{"conditional writes", "SNAPSHOT_STORE"}},
	} {
		t.Run(name, func(t *testing.T) {
			store, _ := serve(t, c.answer)
			_, err := store.Replace(t.Context(), "manifest.json", []byte("{}"), "")
			if err == nil {
				t.Fatal("no error")
			}
			contains(t, err.Error(), append(c.words, "replace manifest.json in s3://bucket/voc")...)
			if strings.Contains(err.Error(), "operation error") || strings.Contains(err.Error(), "\n") {
				t.Errorf("it says too much: %v", err)
			}
		})
	}
}

func TestAHeadThatIsRefusedNamesTheRights(t *testing.T) {
	t.Parallel()
	store, _ := serve(t, refuse(403, ""))
	_, err := store.Stat(t.Context(), "object")
	if err == nil {
		t.Fatal("no error")
	}
	contains(t, err.Error(), "403", "s3:ListBucket")
}

func TestOpenSaysThatTheRegionIsMissing(t *testing.T) {
	t.Parallel()
	_, err := s3blob.Open(s3blob.Config{Bucket: "bucket"}, credentials(t))
	if err == nil {
		t.Fatal("no error")
	}
	contains(t, err.Error(), "s3://bucket", "AWS_REGION")
}

func TestMissingCredentialsAreNamed(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	store, s3 := serve(t, accept)
	_, err := store.Get(t.Context(), "object")
	if err == nil {
		t.Fatal("no error")
	}
	contains(t, err.Error(), "no AWS credentials", "AWS_ACCESS_KEY_ID")
	if s3.calls() != 0 {
		t.Error("S3 was asked without credentials")
	}
}

// nobody is an address where nothing listens.
func nobody(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return "http://" + listener.Addr().String()
}
