package s3blob_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"voc/internal/blob"
	"voc/internal/blob/s3blob"
)

// writes are the two ways to create an object.
var writes = map[string]func(context.Context, blob.Store) (blob.Info, error){
	"PutNew": func(ctx context.Context, store blob.Store) (blob.Info, error) {
		return store.PutNew(ctx, "object", strings.NewReader("body"))
	},
	"Replace": func(ctx context.Context, store blob.Store) (blob.Info, error) {
		return store.Replace(ctx, "object", []byte("body"), "")
	},
}

func TestMarkConfirmsWriteAfterLostResponse(t *testing.T) {
	t.Parallel()
	for loss, lose := range map[string]func(http.ResponseWriter, *http.Request, *http.Response){
		"connection closed": func(w http.ResponseWriter, r *http.Request, _ *http.Response) { cut(w, r) },
		"500": func(w http.ResponseWriter, r *http.Request, _ *http.Response) {
			reject(500, "InternalError")(w, r)
		},
		"503": func(w http.ResponseWriter, r *http.Request, _ *http.Response) {
			reject(503, "SlowDown")(w, r)
		},
		"no HTTP": func(w http.ResponseWriter, _ *http.Request, _ *http.Response) {
			writeRaw(w, "SSH-2.0-OpenSSH_9.6\r\n")
		},
	} {
		for name, write := range writes {
			t.Run(name+" "+loss, func(t *testing.T) {
				t.Parallel()
				server := inMemory(t)
				bucket := newBucket(t, server)
				lossy, _ := serveBucket(t, bucket, relay(server, lose), relay(server, pass))
				written, err := write(t.Context(), lossy)
				if err != nil {
					t.Fatal(err)
				}
				direct := open(t, s3blob.Config{Bucket: bucket, Prefix: "voc", Endpoint: server})
				found, err := direct.Stat(t.Context(), "object")
				if err != nil || found.Version != written.Version || written.Size != 4 ||
					!written.LastModified.IsZero() || written.Date.IsZero() {
					t.Errorf("written %+v, found %+v, %v", written, found, err)
				}
			})
		}
	}
}

func TestLostRaceAndResponseIsUncertain(t *testing.T) {
	t.Parallel()
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			server := inMemory(t)
			bucket := newBucket(t, server)
			direct := open(t, s3blob.Config{Bucket: bucket, Prefix: "voc", Endpoint: server})
			lossy, _ := serveBucket(t, bucket, cut, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPut {
					put(t, direct, "object", "body") // the same body, from another writer
				}
				relay(server, pass)(w, r)
			}, relay(server, pass))
			if _, err := write(t.Context(), lossy); !errors.Is(err, blob.ErrUncertain) {
				t.Errorf("error %v, want ErrUncertain", err)
			}
		})
	}
}

func TestRejectedWriteIsCertain(t *testing.T) {
	t.Parallel()
	exists := reject(412, "PreconditionFailed")
	concurrent := reject(409, "ConditionalRequestConflict")
	lostRace := map[string]error{"PutNew": blob.ErrExist, "Replace": blob.ErrChanged}
	for name, c := range map[string]struct {
		steps []http.HandlerFunc
		want  map[string]error // by verb; none: any error but those of the contract
		calls int
	}{
		"existing object": {[]http.HandlerFunc{exists}, lostRace, 1},
		"concurrent write, then its object": {
			[]http.HandlerFunc{concurrent, exists}, lostRace, 2},
		"concurrent write at each try": {
			[]http.HandlerFunc{concurrent}, map[string]error{"Replace": blob.ErrChanged}, 3},
		"no rights":   {[]http.HandlerFunc{reject(403, "AccessDenied")}, nil, 1},
		"no bucket":   {[]http.HandlerFunc{reject(404, "NoSuchBucket")}, nil, 1},
		"another 409": {[]http.HandlerFunc{reject(409, "OperationAborted")}, nil, 1},
	} {
		for verb, write := range writes {
			t.Run(name+", "+verb, func(t *testing.T) {
				t.Parallel()
				store, s3 := serve(t, c.steps...)
				_, err := write(t.Context(), store)
				want := c.want[verb]
				if err == nil || errors.Is(err, blob.ErrUncertain) ||
					want != nil && !errors.Is(err, want) ||
					want == nil && (errors.Is(err, blob.ErrExist) || errors.Is(err, blob.ErrChanged)) {
					t.Errorf("error %v, want %v", err, want)
				}
				if s3.calls() != c.calls {
					t.Errorf("%d requests, want %d", s3.calls(), c.calls)
				}
			})
		}
	}
}

func TestWriteIsRetried(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]http.HandlerFunc{
		"too many requests": reject(503, "SlowDown"),
		"a fault in S3":     reject(500, "InternalError"),
		"no answer":         cut,
		"another write":     reject(409, "ConditionalRequestConflict"),
		"a stalled request": reject(400, "RequestTimeout"),
		"clock skew": reject(403, "RequestTimeTooSkewed",
			"Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)),
	} {
		for verb, write := range writes {
			t.Run(name+", "+verb, func(t *testing.T) {
				t.Parallel()
				store, s3 := serve(t, fault, accept)
				info, err := write(t.Context(), store)
				if err != nil || info.Version != `"accepted"` || s3.calls() != 2 {
					t.Errorf("%+v, %v after %d requests", info, err, s3.calls())
				}
			})
		}
	}
}

func TestWriteWithoutResponseIsUncertain(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]http.HandlerFunc{
		"connection closed": cut,
		"500":               reject(500, "InternalError"),
		"503":               reject(503, "ServiceUnavailable"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, s3 := serve(t, fault)
			_, err := store.Replace(t.Context(), "object", nil, "")
			if !errors.Is(err, blob.ErrUncertain) || s3.calls() != 3 {
				t.Errorf("%v after %d requests, want ErrUncertain after 3", err, s3.calls())
			}
		})
	}
}

func TestCancelledWriteIsUncertain(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	store, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		cancel() // not before: a write that was never sent is certain
		stall(w, r)
	})
	_, err := store.Replace(ctx, "object", []byte("body"), "")
	if !errors.Is(err, blob.ErrUncertain) || !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want ErrUncertain and Canceled", err)
	}
}

func TestWriteWithoutConnectionIsCertain(t *testing.T) {
	t.Parallel()
	store := open(t, s3blob.Config{Bucket: "bucket", Endpoint: closedAddress(t)})
	for verb, write := range writes {
		_, err := write(t.Context(), store)
		if err == nil || errors.Is(err, blob.ErrUncertain) {
			t.Errorf("%s: error %v", verb, err)
			continue
		}
		contains(t, err.Error(), "connection refused", "AWS_ENDPOINT_URL_S3")
	}
}

func TestPutSendsBodyUnderDigest(t *testing.T) {
	t.Parallel()
	var sent http.Header
	var length int64
	store, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		sent, length = r.Header, r.ContentLength
		accept(w, r)
	})
	put(t, store, "object", "body")
	sum := sha256.Sum256([]byte("body"))
	digest := hex.EncodeToString(sum[:])
	for name, want := range map[string]string{
		"X-Amz-Content-Sha256": digest, "X-Amz-Meta-Sha256": digest,
		"If-None-Match": "*", "X-Amz-Trailer": "", "Content-Encoding": "",
	} {
		if got := sent.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if length != 4 || sent.Get("X-Amz-Meta-Voc-Write") == "" {
		t.Errorf("%d bytes, with mark %q", length, sent.Get("X-Amz-Meta-Voc-Write"))
	}
}
