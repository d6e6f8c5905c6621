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

// writes are the two ways to make an object that is not there.
var writes = map[string]func(context.Context, blob.Store) (blob.Info, error){
	"PutNew": func(ctx context.Context, store blob.Store) (blob.Info, error) {
		return store.PutNew(ctx, "object", strings.NewReader("body"))
	},
	"Replace": func(ctx context.Context, store blob.Store) (blob.Info, error) {
		return store.Replace(ctx, "object", []byte("body"), "")
	},
}

func TestAWriteWhoseAnswerIsLostIsKnownByItsMark(t *testing.T) {
	t.Parallel()
	for loss, lose := range map[string]func(http.ResponseWriter, *http.Request, *http.Response){
		"hung up":        func(w http.ResponseWriter, r *http.Request, _ *http.Response) { cut(w, r) },
		"reported 500":   func(w http.ResponseWriter, r *http.Request, _ *http.Response) { refuse(500, "InternalError")(w, r) },
		"reported 503":   func(w http.ResponseWriter, r *http.Request, _ *http.Response) { refuse(503, "SlowDown")(w, r) },
		"not understood": func(w http.ResponseWriter, _ *http.Request, _ *http.Response) { hijack(w, "SSH-2.0-OpenSSH_9.6\r\n") },
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
				if err != nil || found.Version != written.Version || !written.LastModified.IsZero() || written.Date.IsZero() || written.Size != 4 {
					t.Errorf("written %+v, found %+v, %v", written, found, err)
				}
			})
		}
	}
}

func TestAWriteThatLostARaceAndItsAnswerIsUncertain(t *testing.T) {
	t.Parallel()
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			server := inMemory(t)
			bucket := newBucket(t, server)
			direct := open(t, s3blob.Config{Bucket: bucket, Prefix: "voc", Endpoint: server})
			lossy, _ := serveBucket(t, bucket, cut, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPut {
					put(t, direct, "object", "body") // the same body, by somebody else
				}
				relay(server, pass)(w, r)
			}, relay(server, pass))
			if _, err := write(t.Context(), lossy); !errors.Is(err, blob.ErrUncertain) {
				t.Errorf("error %v, want ErrUncertain", err)
			}
		})
	}
}

func TestARefusedWriteDidNotHappen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		steps []http.HandlerFunc
		want  map[string]error // nil: any but those of the contract
		calls int
	}{
		"an object in the way":           {[]http.HandlerFunc{refuse(412, "PreconditionFailed")}, map[string]error{"PutNew": blob.ErrExist, "Replace": blob.ErrChanged}, 1},
		"another write, then its object": {[]http.HandlerFunc{refuse(409, "ConditionalRequestConflict"), refuse(412, "PreconditionFailed")}, map[string]error{"PutNew": blob.ErrExist, "Replace": blob.ErrChanged}, 2},
		"another write at each try":      {[]http.HandlerFunc{refuse(409, "ConditionalRequestConflict")}, map[string]error{"PutNew": nil, "Replace": blob.ErrChanged}, 3},
		"no rights":                      {[]http.HandlerFunc{refuse(403, "AccessDenied")}, map[string]error{"PutNew": nil, "Replace": nil}, 1},
		"no bucket":                      {[]http.HandlerFunc{refuse(404, "NoSuchBucket")}, map[string]error{"PutNew": nil, "Replace": nil}, 1},
		"another 409":                    {[]http.HandlerFunc{refuse(409, "OperationAborted")}, map[string]error{"PutNew": nil, "Replace": nil}, 1},
	} {
		for verb, write := range writes {
			t.Run(name+", "+verb, func(t *testing.T) {
				t.Parallel()
				store, s3 := serve(t, c.steps...)
				_, err := write(t.Context(), store)
				want := c.want[verb]
				if err == nil || errors.Is(err, blob.ErrUncertain) || want != nil && !errors.Is(err, want) ||
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

func TestAWriteIsTriedAgainWhenThatMayHelp(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]http.HandlerFunc{
		"too many requests":  refuse(503, "SlowDown"),
		"a fault in S3":      refuse(500, "InternalError"),
		"no answer":          cut,
		"another write":      refuse(409, "ConditionalRequestConflict"),
		"a stalled request":  refuse(400, "RequestTimeout"),
		"a clock that skews": refuse(403, "RequestTimeTooSkewed", "Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)),
	} {
		for verb, write := range writes {
			t.Run(name+", "+verb, func(t *testing.T) {
				t.Parallel()
				store, s3 := serve(t, fault, accept)
				if info, err := write(t.Context(), store); err != nil || info.Version != `"taken"` || s3.calls() != 2 {
					t.Errorf("%+v, %v after %d requests", info, err, s3.calls())
				}
			})
		}
	}
}

func TestAWriteThatNobodyAnswersIsUncertain(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]http.HandlerFunc{"hung up": cut, "500": refuse(500, "InternalError"), "503": refuse(503, "ServiceUnavailable")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, s3 := serve(t, fault)
			if _, err := store.Replace(t.Context(), "object", nil, ""); !errors.Is(err, blob.ErrUncertain) || s3.calls() != 3 {
				t.Errorf("%v after %d requests, want ErrUncertain after 3", err, s3.calls())
			}
		})
	}
}

func TestAWriteEndsWithItsContextAndIsUncertainOnceItIsOnItsWay(t *testing.T) {
	t.Parallel()
	store, _ := serve(t, stall)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := store.Replace(ctx, "object", []byte("body"), "")
	if !errors.Is(err, blob.ErrUncertain) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want ErrUncertain and DeadlineExceeded", err)
	}
}

func TestAWriteThatReachesNobodyDidNotHappen(t *testing.T) {
	t.Parallel()
	store := open(t, s3blob.Config{Bucket: "bucket", Endpoint: nobody(t)})
	for verb, write := range writes {
		_, err := write(t.Context(), store)
		if err == nil || errors.Is(err, blob.ErrUncertain) {
			t.Errorf("%s: error %v", verb, err)
			continue
		}
		contains(t, err.Error(), "connection refused", "AWS_ENDPOINT_URL_S3")
	}
}

func TestABodyTravelsAsItIsUnderItsDigest(t *testing.T) {
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
		"X-Amz-Content-Sha256": digest, "X-Amz-Meta-Sha256": digest, "If-None-Match": "*", "X-Amz-Trailer": "", "Content-Encoding": "",
	} {
		if got := sent.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if length != 4 || sent.Get("X-Amz-Meta-Voc-Write") == "" {
		t.Errorf("%d bytes, with mark %q", length, sent.Get("X-Amz-Meta-Voc-Write"))
	}
}
