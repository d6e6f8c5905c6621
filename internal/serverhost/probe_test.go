package serverhost_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"voc/internal/serverhost"
	"voc/internal/serverhost/servertest"
)

// A server does not publish to a bucket that accepts conditional writes and ignores the
// condition: two hosts would overwrite each other.
func TestFirstLoadNeedsConditionalWrites(t *testing.T) {
	t.Parallel()
	var published atomic.Int32
	bucket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut:
			_, _ = io.Copy(io.Discard, r.Body)
			if !strings.Contains(r.URL.Path, "/probe-") {
				published.Add(1)
			}
			w.Header().Set("ETag", `"accepted"`)
		case r.Method == http.MethodDelete:
			w.WriteHeader(http.StatusNoContent)
		case r.URL.Query().Has("list-type"):
			fmt.Fprint(w, `<ListBucketResult></ListBucketResult>`)
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `<Error><Code>NoSuchKey</Code></Error>`)
		}
	}))
	t.Cleanup(bucket.Close)
	airtable := servertest.NewBase(t, nil)
	p := servertest.StartProgram(t, serverhost.Program{
		Args: []string{"serve"},
		Environ: servertest.Environment(t, airtable.Variables("SCHEDULE=off",
			"SNAPSHOT_STORE=s3://bucket/voc", "AWS_ENDPOINT_URL_S3="+bucket.URL)...),
		Credentials: func(context.Context) (aws.Config, error) {
			return aws.Config{
				Region:      "eu-central-1",
				Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
			}, nil
		},
	})
	p.Printed(`(SNAPSHOT_STORE)[^\n]*accepts conditional writes and ignores them`)
	p.Printed(`(voc has nothing to serve yet)`)
	if n := published.Load(); n != 0 {
		t.Errorf("%d objects were written to such a bucket", n)
	}
}
