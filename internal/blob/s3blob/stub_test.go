package s3blob_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"voc/internal/blob/s3blob"
)

// stub is an S3 that answers as it is told: the n-th request goes to the n-th step, later ones to the last.
type stub struct {
	steps []http.HandlerFunc
	mu    sync.Mutex
	asked []http.Request // without their bodies
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	step := s.steps[min(len(s.asked), len(s.steps)-1)]
	s.asked = append(s.asked, *r)
	s.mu.Unlock()
	step(w, r)
}

func (s *stub) calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// serve starts a stub and opens a store on it.
func serve(t *testing.T, steps ...http.HandlerFunc) (*s3blob.Store, *stub) {
	t.Helper()
	return serveBucket(t, "bucket", steps...)
}

func serveBucket(t *testing.T, bucket string, steps ...http.HandlerFunc) (*s3blob.Store, *stub) {
	t.Helper()
	s := &stub{steps: steps}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return open(t, s3blob.Config{Bucket: bucket, Prefix: "voc", Endpoint: server.URL}), s
}

// refuse is a step that answers with an error as S3 words it; a HEAD gets no body.
func refuse(status int, code string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		drain(r)
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		if r.Method != http.MethodHead && code != "" {
			fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>words about it</Message></Error>`, code)
		}
	}
}

// accept is a step that takes a PUT.
func accept(w http.ResponseWriter, r *http.Request) {
	drain(r)
	w.Header().Set("ETag", `"taken"`)
}

// hold is a step that answers a GET with a body, of which it may announce more than it sends.
func hold(body string, announced int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"held"`)
		w.Header().Set("Content-Length", fmt.Sprint(announced))
		io.WriteString(w, body)
	}
}

// cut is a step that takes the request and hangs up.
func cut(_ http.ResponseWriter, r *http.Request) {
	drain(r)
	panic(http.ErrAbortHandler)
}

// stall is a step that never answers.
func stall(_ http.ResponseWriter, r *http.Request) {
	drain(r)
	<-r.Context().Done()
}

// hijack says something that is no HTTP and hangs up.
func hijack(w http.ResponseWriter, words string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	io.WriteString(conn, words)
	conn.Close()
}

func drain(r *http.Request) { io.Copy(io.Discard, r.Body) }

// relay passes everything on to a server, after which it may do something else than answer: answers are lost, not requests.
func relay(server string, answer func(w http.ResponseWriter, r *http.Request, result *http.Response)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		onward, err := http.NewRequestWithContext(r.Context(), r.Method, server+r.URL.RequestURI(), r.Body)
		if err != nil {
			panic(err)
		}
		onward.Header, onward.ContentLength = r.Header, r.ContentLength
		result, err := http.DefaultTransport.RoundTrip(onward)
		if err != nil {
			panic(err)
		}
		defer result.Body.Close()
		answer(w, r, result)
	}
}

func pass(w http.ResponseWriter, _ *http.Request, result *http.Response) {
	for name, values := range result.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(result.StatusCode)
	io.Copy(w, result.Body)
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not contain %q", text, part)
		}
	}
}
