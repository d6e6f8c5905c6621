package s3blob_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/blob/s3blob"
)

// TestContractOverTLS runs the suite against a server that offers HTTP/2, as R2, nginx and
// Caddy do. The store must settle on HTTP/1.1 with it.
func TestContractOverTLS(t *testing.T) {
	t.Parallel()
	fake := gofakes3.New(s3mem.New(), gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	var requests, http2 atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			if r.ProtoMajor != 1 {
				http2.Add(1)
			}
			fake.ServeHTTP(w, r)
		}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)

	t.Cleanup(func() { // after the suite's parallel tests
		if requests.Load() == 0 || http2.Load() != 0 {
			t.Errorf("%d requests, %d of them over HTTP/2", requests.Load(), http2.Load())
		}
	})

	plain := httptest.NewServer(fake)
	t.Cleanup(plain.Close)
	bucket := newBucket(t, plain.URL)
	place := 0
	blobtest.Run(t, func(t *testing.T) func() blob.Store {
		place++
		cfg := s3blob.Config{
			Bucket: bucket, Prefix: fmt.Sprint("voc/place-", place), Endpoint: server.URL,
		}
		return func() blob.Store {
			store := open(t, cfg)
			store.Trust(server.Certificate())
			return store
		}
	})
}
