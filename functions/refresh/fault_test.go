package main_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"voc/internal/airtablesim"
	"voc/internal/job"
	"voc/internal/lambdahost/lambdatest"
)

func TestRefreshStopsBeforeDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.function("full")
	status(t, f) // so that the time below does not include the start
	w.sim.Script(airtablesim.Stall().On(airtablesim.List))
	event := scheduled("full", "2026-11-30T04:59:00Z")
	result := f.Invoke([]byte(event), 3*time.Second)
	if result.Error == nil || result.Error.Type != "Refresh.retry-later" {
		t.Fatalf("%+v, %s", result.Error, result.Payload)
	}
	first := receipt(t, []byte(result.Error.Message))
	is(t, first, job.RetryLater, job.Full)
	again := invoke(t, f, event)
	is(t, again, job.Published, job.Full)
	if again.ID != first.ID || f.Starts() != 1 {
		t.Errorf("run %s after %s, %d processes", again.ID, first.ID, f.Starts())
	}
}

func TestRefreshAfterProcessKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.function("full")
	reached := make(chan struct{})
	reach := sync.OnceFunc(func() { close(reached) })
	w.sim.Before(func(c airtablesim.Call) {
		if c.Kind == airtablesim.List {
			reach()
		}
	})
	w.sim.Script(airtablesim.Stall().On(airtablesim.List))
	ended := make(chan lambdatest.Result)
	event := scheduled("full", "2026-11-30T04:59:00Z")
	go func() { ended <- f.Invoke([]byte(event), enough) }()
	<-reached
	w.sim.Before(nil)
	f.Kill()
	if result := <-ended; result.Error == nil || result.Error.Type != "Runtime.ExitError" {
		t.Fatalf("%+v", result)
	}
	run := invoke(t, f, event)
	is(t, run, job.Published, job.Full)
	if run.Added != records || f.Starts() != 2 {
		t.Errorf("%+v by %d processes", run, f.Starts())
	}
}

// TestTwoFunctionsAtOnce: Airtable responds to the first only after the second has read the
// manifest twice, which it does while it waits for the first.
func TestTwoFunctionsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	listing, waits := make(chan struct{}), make(chan struct{})
	reach := sync.OnceFunc(func() { close(listing) })
	w.sim.Before(func(c airtablesim.Call) {
		if c.Kind == airtablesim.List {
			reach()
			<-waits
		}
	})
	second := w.function("full", "AWS_ENDPOINT_URL_S3="+w.countReads(t, 2,
		sync.OnceFunc(func() { close(waits) })))
	var results [2]job.Run
	var both sync.WaitGroup
	both.Go(func() { results[0] = invoke(t, w.function("full"), `{}`) })
	<-listing
	both.Go(func() { results[1] = invoke(t, second, `{}`) })
	both.Wait()
	is(t, results[0], job.Published, job.Full)
	is(t, results[1], job.Joined, job.Full)
}

// countReads leads to the S3 and calls reached at the n-th read of the manifest. It returns
// its URL.
func (w *world) countReads(t *testing.T, n int32, reached func()) string {
	t.Helper()
	to, err := url.Parse(w.S3())
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	var reads atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		proxy.ServeHTTP(rw, r)
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/manifest.json") &&
			reads.Add(1) == n {
			reached()
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestRefreshWithDeniedStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.function("full")
	w.Intercept(func(rw http.ResponseWriter, _ *http.Request, _ http.Handler) {
		rw.WriteHeader(http.StatusForbidden)
		_, _ = rw.Write([]byte(`<Error><Code>AccessDenied</Code><Message>no</Message></Error>`))
	})
	fault := fails(t, f, scheduled("full", "2026-11-30T04:59:00Z"))
	run := receipt(t, []byte(fault.Message))
	is(t, run, job.Failed, job.Full)
	for _, text := range []string{string(run.Error), f.Log()} {
		contains(t, text, "AccessDenied", "s3:PutObject", "s3://"+lambdatest.Bucket)
	}
	w.Intercept(nil)
	is(t, invoke(t, f, scheduled("full", "2026-11-30T04:59:00Z")), job.Published, job.Full)
}

func TestRefreshWithLostResponses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var lost atomic.Int32
	seen := map[string]bool{}
	var mu sync.Mutex
	w.Intercept(func(rw http.ResponseWriter, r *http.Request, s3 http.Handler) {
		mu.Lock()
		first := r.Method == http.MethodPut && !seen[r.URL.Path+r.Header.Get("If-Match")]
		seen[r.URL.Path+r.Header.Get("If-Match")] = true
		mu.Unlock()
		if !first {
			s3.ServeHTTP(rw, r)
			return
		}
		lost.Add(1)
		s3.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	})
	f := w.function("full")
	run := invoke(t, f, `{}`)
	is(t, run, job.Published, job.Full)
	if lost.Load() < 3 {
		t.Errorf("only %d responses were lost", lost.Load())
	}
	w.Intercept(nil)
	if s := status(t, f); s.Cache.Records != records || s.Cache.LastError != nil ||
		s.Snapshot.ID != string(run.SnapshotAfter) {
		t.Errorf("status %+v after run %+v", s, run)
	}
}

func TestMissingAirtableKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.DeleteParameter("/voc/airtable-api-key")
	f := w.function("full")
	run := receipt(t, []byte(fails(t, f, `{}`).Message))
	if lines := errorLines(t, f, run.ID); len(lines) != 1 { // although it is retried
		t.Errorf("the run is logged as %q", lines)
	}
	s := status(t, f)
	for _, text := range []string{string(run.Error), *s.Cache.LastError,
		strings.Join(s.Warnings, "\n"), f.Log()} {
		contains(t, text, "AIRTABLE_API_KEY_PARAMETER", "/voc/airtable-api-key", "ParameterNotFound",
			"SecureString")
	}
}

// TestRefreshAfterFreeze: a frozen process finds its connections dead, and opens new ones.
func TestRefreshAfterFreeze(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wire := lambdatest.NewWire(t, w.S3())
	f := w.function("full", "AWS_ENDPOINT_URL_S3="+wire.URL())
	invoke(t, f, `{}`)
	wire.DropOpenConnections()
	start := time.Now()
	is(t, invoke(t, f, `{}`), job.Unchanged, job.Full)
	if took := time.Since(start); took > 10*time.Second || f.Starts() != 1 {
		t.Errorf("it took %s, by %d processes", took, f.Starts())
	}
}

// TestRefreshWithStalledStore: a store that never responds must not make Lambda kill the process.
func TestRefreshWithStalledStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.function("full")
	status(t, f) // so that the time below does not include the start
	w.Intercept(func(_ http.ResponseWriter, r *http.Request, _ http.Handler) { <-r.Context().Done() })
	result := f.Invoke([]byte(scheduled("full", "2026-11-30T04:59:00Z")), 6*time.Second)
	if result.Error == nil || !strings.HasPrefix(result.Error.Type, "Refresh.") {
		t.Errorf("%+v, %s", result.Error, result.Payload)
	}
	w.Intercept(nil)
	is(t, invoke(t, f, scheduled("full", "2026-11-30T04:59:00Z")), job.Published, job.Full)
	if f.Starts() != 1 {
		t.Errorf("%d processes", f.Starts())
	}
}

// TestMissingWebhook: an alert waits for a webhook whose parameter cannot be read.
func TestMissingWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.function("full", "NOTIFY_WEBHOOK_URL_PARAMETER=/voc/webhook")
	invoke(t, f, `{}`)
	w.PutParameter("/voc/airtable-api-key", "patWRONG")
	f = w.function("full", "NOTIFY_WEBHOOK_URL_PARAMETER=/voc/webhook")
	is(t, invoke(t, f, `{}`), job.Failed, job.Full)
	contains(t, f.Log(), `"alert":"refresh-failed"`, "a notification could not be sent",
		"the parameter of NOTIFY_WEBHOOK_URL could not be read")
}
