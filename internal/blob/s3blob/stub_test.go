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

// stub is an S3 server of scripted responses: the n-th request goes to the n-th step,
// later requests to the last.
type stub struct {
	steps    []http.HandlerFunc
	mu       sync.Mutex
	received []http.Request // without their bodies
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	step := s.steps[min(len(s.received), len(s.steps)-1)]
	s.received = append(s.received, *r)
	s.mu.Unlock()
	step(w, r)
}

func (s *stub) calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.received)
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
	return open(t, s3blob.Config{
		Bucket: bucket, Prefix: "voc", Endpoint: server.URL, Setting: "SNAPSHOT_STORE",
	}), s
}

// reject is a step that responds with an error in the form of S3; a HEAD gets no body.
func reject(status int, code string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		drain(r)
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		if r.Method != http.MethodHead && code != "" {
			fmt.Fprintf(w, `<?xml version="1.0"?>`+
				`<Error><Code>%s</Code><Message>words about it</Message></Error>`, code)
		}
	}
}

// accept is a step that accepts a PUT.
func accept(w http.ResponseWriter, r *http.Request) {
	drain(r)
	w.Header().Set("ETag", `"accepted"`)
}

// serveBody is a step that responds to a GET with a body, which may be shorter than
// announced.
func serveBody(body string, announced int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"held"`)
		w.Header().Set("Content-Length", fmt.Sprint(announced))
		io.WriteString(w, body)
	}
}

// cut is a step that reads the request and closes the connection.
func cut(_ http.ResponseWriter, r *http.Request) {
	drain(r)
	panic(http.ErrAbortHandler)
}

// stall is a step that never responds.
func stall(_ http.ResponseWriter, r *http.Request) {
	drain(r)
	<-r.Context().Done()
}

// writeRaw writes text that is no HTTP and closes the connection.
func writeRaw(w http.ResponseWriter, text string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	io.WriteString(conn, text)
	conn.Close()
}

func drain(r *http.Request) { io.Copy(io.Discard, r.Body) }

// relay is a step that passes the request on to a server and then responds by respond, so
// that responses are lost, not requests.
func relay(
	server string, respond func(w http.ResponseWriter, r *http.Request, result *http.Response),
) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		url := server + r.URL.RequestURI()
		onward, err := http.NewRequestWithContext(r.Context(), r.Method, url, r.Body)
		if err != nil {
			panic(err)
		}
		onward.Header, onward.ContentLength = r.Header, r.ContentLength
		result, err := http.DefaultTransport.RoundTrip(onward)
		if err != nil {
			panic(err)
		}
		defer result.Body.Close()
		respond(w, r, result)
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
