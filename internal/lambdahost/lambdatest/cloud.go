package lambdatest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// Bucket is the one bucket that a Cloud has.
const Bucket = "voc-test"

// Cloud is what of AWS the functions call: S3 with one bucket, SSM, and the asynchronous invocation of Lambda.
type Cloud struct {
	t                   testing.TB
	s3, ssm, invocation *httptest.Server

	mu      sync.Mutex
	between func(w http.ResponseWriter, r *http.Request, s3 http.Handler)
	secrets map[string]string
	asked   int
	calls   []Call
	refusal string
}

// Call is an invocation that was asked for.
type Call struct {
	Function string
	Payload  string
}

// NewCloud starts one on loopback.
func NewCloud(t testing.TB) *Cloud {
	t.Helper()
	c := &Cloud{t: t, secrets: map[string]string{}}
	backend := s3mem.New()
	if err := backend.CreateBucket(Bucket); err != nil {
		t.Fatal(err)
	}
	store := gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	c.s3 = c.serve(func(w http.ResponseWriter, r *http.Request) {
		if between := c.interceptor(); between != nil {
			between(w, r, store)
			return
		}
		store.ServeHTTP(w, r)
	})
	c.ssm, c.invocation = c.serve(c.getParameter), c.serve(c.invoke)
	return c
}

func (c *Cloud) serve(handler http.HandlerFunc) *httptest.Server {
	server := httptest.NewServer(handler)
	c.t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server
}

// Environ is how a function finds it.
func (c *Cloud) Environ() []string {
	return []string{"AWS_ENDPOINT_URL_S3=" + c.s3.URL, "AWS_ENDPOINT_URL_SSM=" + c.ssm.URL, "AWS_ENDPOINT_URL_LAMBDA=" + c.invocation.URL}
}

// S3 is the URL of the S3.
func (c *Cloud) S3() string { return c.s3.URL }

// Intercept has something done with each request for S3, which may pass it on; nil ends that.
func (c *Cloud) Intercept(between func(w http.ResponseWriter, r *http.Request, s3 http.Handler)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.between = between
}

func (c *Cloud) interceptor() func(http.ResponseWriter, *http.Request, http.Handler) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.between
}

// Keep puts a secret into SSM.
func (c *Cloud) Keep(name, secret string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secrets[name] = secret
}

// Forget removes a secret from SSM.
func (c *Cloud) Forget(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.secrets, name)
}

// Asked is how often SSM was asked.
func (c *Cloud) Asked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked
}

// RefuseCalls has invocations refused with an error code; "" ends that.
func (c *Cloud) RefuseCalls(code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refusal = code
}

// Calls are the invocations so far.
func (c *Cloud) Calls() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Call(nil), c.calls...)
}

// getParameter answers as SSM does, in its JSON protocol.
func (c *Cloud) getParameter(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name           string
		WithDecryption bool
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Header.Get("X-Amz-Target") != "AmazonSSM.GetParameter" {
		refuse(w, http.StatusBadRequest, "UnknownOperationException")
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	secret, ok := c.secrets[in.Name]
	if !ok {
		refuse(w, http.StatusBadRequest, "ParameterNotFound")
		return
	}
	if !in.WithDecryption {
		secret = "kms:encrypted"
	}
	answer(w, http.StatusOK, map[string]any{"Parameter": map[string]any{"Name": in.Name, "Type": "SecureString", "Value": secret, "Version": 1}})
}

// invoke answers as Lambda does.
func (c *Cloud) invoke(w http.ResponseWriter, r *http.Request) {
	function, ok := strings.CutPrefix(r.URL.Path, "/2015-03-31/functions/")
	function, end := strings.CutSuffix(function, "/invocations")
	payload, err := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !ok || !end || err != nil || r.Header.Get("X-Amz-Invocation-Type") != "Event":
		refuse(w, http.StatusBadRequest, "InvalidRequestContentException")
	case c.refusal != "":
		refuse(w, http.StatusForbidden, c.refusal)
	default:
		c.calls = append(c.calls, Call{function, string(payload)})
		w.WriteHeader(http.StatusAccepted)
	}
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("X-Amzn-Errortype", code)
	answer(w, status, map[string]string{"__type": code, "message": "words about it"})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}
