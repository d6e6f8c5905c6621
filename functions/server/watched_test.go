package main_test

import (
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"voc/internal/lambdahost/lambdatest"
)

// store is the store of the processes of a test.
type store struct {
	variables  []string
	bucket     *url.URL // nil: a folder
	folder     string
	ways       int  // to kill at one operation: before and after it, or only after it
	writesOnly bool // requests that only read the bucket do not count
	atLeast    int  // the number of operations of a full refresh of one page, at least
}

// stores has the kinds of store.
var stores = map[string]func(*testing.T) store{"bucket": newBucket, "folder": newFolder}

func newFolder(t *testing.T) store {
	t.Helper()
	dir := t.TempDir()
	// two changes may be seen as one
	return store{variables: []string{"SNAPSHOT_STORE=file://" + dir}, folder: dir, ways: 1, atLeast: 3}
}

func newBucket(t *testing.T) store {
	t.Helper()
	to, err := url.Parse(lambdatest.NewCloud(t).S3())
	if err != nil {
		t.Fatal(err)
	}
	return store{bucket: to, ways: 2, atLeast: 6, variables: []string{
		"SNAPSHOT_STORE=s3://" + lambdatest.Bucket, "AWS_ENDPOINT_URL_S3=" +
			to.String(), "AWS_REGION=eu-central-1",
		"AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret", "AWS_EC2_METADATA_DISABLED=true",
	}}
}

// watched counts the operations of one process at a time, on Airtable and on its store, and kills
// it at one of them. Requests pass through it. A change in a folder is seen just after it is
// made, so the kill comes as soon as possible after that.
type watched struct {
	airtable *httptest.Server
	front    *httptest.Server // of a bucket; nil for a folder
	store    store

	mu      sync.Mutex
	count   int
	at      int // 0: at none
	only    string
	applied bool // the operation is done before the kill
	place   string
	kill    func()
	stop    chan struct{}
	watcher sync.WaitGroup
}

func newWatched(t *testing.T, airtable http.Handler, shared store) *watched {
	t.Helper()
	w := &watched{store: shared}
	w.airtable = w.serve(t, "Airtable", airtable)
	if shared.bucket != nil {
		proxy := httputil.NewSingleHostReverseProxy(shared.bucket)
		proxy.ErrorLog = log.New(io.Discard, "", 0) // a killed client ends its requests
		w.front = w.serve(t, "store", proxy)
	}
	t.Cleanup(func() { w.disarm() })
	return w
}

// variables returns the variables that point a process to the fronts.
func (w *watched) variables() []string {
	v := append([]string{"AIRTABLE_API_URL=" + w.airtable.URL}, w.store.variables...)
	if w.front != nil {
		v = append(v, "AWS_ENDPOINT_URL_S3="+w.front.URL)
	}
	return v
}

// killAt arms w: it calls kill at the n-th operation from now on, after the operation is applied or
// before.
func (w *watched) killAt(n int, applied bool, kill func()) { w.arm(n, "", applied, kill) }

// killAtAirtable arms w for the next call to Airtable, which gets no response.
func (w *watched) killAtAirtable(kill func()) { w.arm(1, "Airtable", false, kill) }

func (w *watched) arm(n int, only string, applied bool, kill func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count, w.at, w.only, w.applied, w.place, w.kill = 0, n, only, applied, "", kill
	if w.store.folder != "" {
		w.stop = make(chan struct{})
		before := listing(w.store.folder)
		w.watcher.Go(func() { w.watchFolder(before, w.stop) })
	}
}

// disarm ends that, and returns where the process was killed.
func (w *watched) disarm() string {
	w.mu.Lock()
	w.at = 0
	if w.stop != nil {
		close(w.stop)
		w.stop = nil
	}
	place := w.place
	w.mu.Unlock()
	w.watcher.Wait()
	if place == "" {
		return "no operation"
	}
	return place
}

// killed reports whether the operation was reached, so that the process is killed or about to be.
func (w *watched) killed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.place != ""
}

// operation counts an operation, and returns the function that kills the process if this is
// the one.
func (w *watched) operation(side, what string) (kill func(), applied bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.only != "" && w.only != side {
		return nil, false
	}
	if w.count++; w.count != w.at {
		return nil, false
	}
	w.place = fmt.Sprintf("operation %d, %s %s, applied: %v", w.at, side, what, w.applied)
	return w.kill, w.applied
}

func (w *watched) serve(t *testing.T, side string, next http.Handler) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.store.writesOnly && side == "store" &&
			(r.Method == http.MethodGet || r.Method == http.MethodHead) {
			next.ServeHTTP(rw, r)
			return
		}
		kill, applied := w.operation(side, r.Method+" "+r.URL.Path)
		if kill == nil {
			next.ServeHTTP(rw, r)
			return
		}
		if applied {
			next.ServeHTTP(httptest.NewRecorder(), r)
		}
		kill()
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server
}

// watchFolder counts each change of a folder as an operation, until stop is closed.
func (w *watched) watchFolder(before string, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(time.Millisecond / 2):
		}
		now := listing(w.store.folder)
		if now == before {
			continue
		}
		before = now
		if kill, _ := w.operation("store", "change in the folder"); kill != nil {
			kill()
			return
		}
	}
}

// listing returns the files of a folder with sizes and times. It skips what cannot be read.
func listing(dir string) string {
	var all strings.Builder
	_ = fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() { // it may have been removed
			if info, err := entry.Info(); err == nil {
				fmt.Fprintln(&all, path, info.Size(), info.ModTime().UnixNano())
			}
		}
		return nil
	})
	return all.String()
}
