package voctest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Load is what a benchmark requests repeatedly. Targets are taken in turn.
type Load struct {
	Encoding string // Accept-Encoding
	ETag     string // If-None-Match, which matches; "": each response has a body
	Targets  []string
}

// connections is the number of concurrent clients.
const connections = 32

// clients keep a connection each.
var clients = &http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true}

// Send sends n requests to a server with 32 connections, beginning with the target whose number is
// first, and returns how long each took. A benchmark gives short rounds to the servers that it
// compares, in turn, so that all meet the same load of the machine.
func (l Load) Send(tb testing.TB, url string, first, n int) []time.Duration {
	tb.Helper()
	times := make([]time.Duration, n)
	var turn atomic.Int64
	var all sync.WaitGroup
	for range connections {
		all.Go(func() {
			for i := int(turn.Add(1)) - 1; i < n; i = int(turn.Add(1)) - 1 {
				target, start := l.Targets[(first+i)%len(l.Targets)], time.Now()
				response, err := l.get(tb.Context(), url+target)
				if err != nil {
					tb.Error(err)
					return
				}
				_, err = io.Copy(io.Discard, response.Body)
				response.Body.Close()
				if err != nil || response.StatusCode != l.status() {
					tb.Error(target, response.Status, err)
					return
				}
				times[i] = time.Since(start)
			}
		})
	}
	all.Wait()
	return times
}

// Record requests each target once, and returns the responses.
func (l Load) Record(tb testing.TB, url string) (all []Recorded) {
	tb.Helper()
	for _, target := range l.Targets {
		response, err := l.get(tb.Context(), url+target)
		if err != nil {
			tb.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != l.status() {
			tb.Fatal(target, response.Status, err)
		}
		if len(body) > 0 {
			response.Header.Set("Content-Length", fmt.Sprint(len(body)))
		}
		all = append(all, Recorded{target, l.Encoding, response.StatusCode, response.Header, body})
	}
	return all
}

func (l Load) get(ctx context.Context, url string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept-Encoding", l.Encoding)
	if l.ETag != "" {
		r.Header.Set("If-None-Match", l.ETag)
	}
	return clients.RoundTrip(r)
}

func (l Load) status() int {
	if l.ETag != "" {
		return http.StatusNotModified
	}
	return http.StatusOK
}

// Recorded is a recorded response. Those to one target differ by the accepted encoding.
type Recorded struct {
	Target, Encoding string
	Status           int
	Header           http.Header
	Body             []byte
}

// Repeat returns the least that a server can do, the floor of a benchmark: it repeats recorded
// responses.
func Repeat(all []Recorded) http.Handler {
	repeater := repeater{}
	for _, r := range all {
		repeater[recordedKey{r.Target, r.Encoding}] = r
	}
	return repeater
}

type recordedKey struct{ target, encoding string }

type repeater map[recordedKey]Recorded

// ServeHTTP implements http.Handler.
func (all repeater) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	recorded := all[recordedKey{r.RequestURI, r.Header.Get("Accept-Encoding")}]
	header := w.Header()
	for name, values := range recorded.Header {
		header[name] = values
	}
	w.WriteHeader(recorded.Status)
	_, _ = w.Write(recorded.Body)
}
