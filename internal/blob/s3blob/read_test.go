package s3blob_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"voc/internal/blob"
	"voc/internal/blob/s3blob"
)

func TestCutBodyIsUnexpectedEOF(t *testing.T) {
	t.Parallel()
	store, _ := serve(t, serveBody("half of", 100))
	object, err := store.Get(t.Context(), "object")
	if err != nil {
		t.Fatal(err)
	}
	defer object.Body.Close()
	body, err := io.ReadAll(object.Body)
	if string(body) != "half of" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("read %q, %v; want ErrUnexpectedEOF", body, err)
	}
}

func TestReadIsRetriedUntilBodyBegins(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]http.HandlerFunc{
		"too many requests": reject(503, "SlowDown"),
		"internal error":    reject(500, "InternalError"),
		"connection closed": cut,
		"stalled":           stall,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store, s3 := serve(t, fault, serveBody("body", 4))
			if name == "stalled" { // the others must not depend on the speed of the machine
				store.LimitRead(time.Second)
			}
			object, err := store.Get(t.Context(), "object")
			if err != nil || s3.calls() != 2 {
				t.Fatalf("%v after %d requests", err, s3.calls())
			}
			object.Body.Close()
		})
	}
}

func TestNotModifiedDependsOnStatusAlone(t *testing.T) {
	t.Parallel()
	for name, header := range map[string][]string{
		"no checksum":                     nil,
		"checksum of a body without body": {"X-Amz-Checksum-Crc32", "AAAAAA=="},
	} {
		t.Run(name, func(t *testing.T) {
			store, _ := serve(t, reject(304, "", header...))
			_, err := store.GetIfChanged(t.Context(), "object", `"held"`)
			if !errors.Is(err, blob.ErrNotModified) {
				t.Errorf("error %v, want ErrNotModified", err)
			}
		})
	}
}

func TestMissingBucketIsNotErrNotExist(t *testing.T) {
	t.Parallel()
	store, _ := serve(t, reject(404, "NoSuchBucket"))
	_, get := store.Get(t.Context(), "object")
	_, stat := store.Stat(t.Context(), "object")
	var list error
	for _, err := range store.List(t.Context(), "") {
		list = err
	}
	for what, err := range map[string]error{
		"Get": get, "Stat": stat, "List": list, "Delete": store.Delete(t.Context(), "object"),
	} {
		if err == nil || errors.Is(err, blob.ErrNotExist) {
			t.Errorf("%s: error %v", what, err)
			continue
		}
		contains(t, err.Error(), "SNAPSHOT_STORE")
	}
}

func TestErrNotExistWithoutRightsToBucket(t *testing.T) {
	t.Parallel()
	store, _ := serve(t, reject(404, "NoSuchKey"), reject(403, "AccessDenied"))
	if _, err := store.Stat(t.Context(), "object"); !errors.Is(err, blob.ErrNotExist) {
		t.Errorf("error %v, want ErrNotExist", err)
	}
}

func TestListReportsFailedPage(t *testing.T) {
	t.Parallel()
	page := `<ListBucketResult><IsTruncated>true</IsTruncated>` +
		`<NextContinuationToken>more</NextContinuationToken>` +
		`<Contents><Key>voc/a</Key><Size>1</Size><ETag>"a"</ETag></Contents></ListBucketResult>`
	store, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, page)
	}, reject(403, "AccessDenied"))
	var keys []string
	var failed error
	for info, err := range store.List(t.Context(), "") {
		if err != nil {
			failed = err
			continue
		}
		keys = append(keys, info.Key)
	}
	if len(keys) != 1 || failed == nil {
		t.Errorf("listed %q, then %v", keys, failed)
	}
}

func TestReadEndsWithContext(t *testing.T) {
	t.Parallel()
	store, _ := serve(t, stall)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := store.Get(ctx, "object"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want DeadlineExceeded", err)
	}
}

// TestDeadConnectionCostsOneTry lets connections die between reads, as for a process that
// Lambda froze between invocations: neither a response nor a reset arrives.
func TestDeadConnectionCostsOneTry(t *testing.T) {
	t.Parallel()
	var received atomic.Int32
	count := func(w http.ResponseWriter, r *http.Request) {
		received.Add(1)
		serveBody("body", 4)(w, r)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(count))
	listener := &mortal{Listener: server.Listener}
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	store := open(t, s3blob.Config{Bucket: "bucket", Endpoint: server.URL})
	store.LimitRead(200 * time.Millisecond)
	for round := range 3 {
		object, err := store.Get(t.Context(), "object")
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if _, err := io.Copy(io.Discard, object.Body); err != nil {
			t.Fatal(err)
		}
		object.Body.Close()
		listener.kill()
	}
	if received.Load() != 3 {
		t.Errorf("%d requests arrived, want 3", received.Load())
	}
}

// mortal accepts connections that can be made to drop all input, like those that a
// firewall has forgotten.
type mortal struct {
	net.Listener
	mu   sync.Mutex
	open []*atomic.Bool
}

func (m *mortal) Accept() (net.Conn, error) {
	conn, err := m.Listener.Accept()
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	dead := new(atomic.Bool)
	m.open = append(m.open, dead)
	return droppingConn{conn, dead}, nil
}

func (m *mortal) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, dead := range m.open {
		dead.Store(true)
	}
}

type droppingConn struct {
	net.Conn
	dead *atomic.Bool
}

func (s droppingConn) Read(into []byte) (int, error) {
	for {
		n, err := s.Conn.Read(into)
		if err != nil || !s.dead.Load() {
			return n, err
		}
	}
}
