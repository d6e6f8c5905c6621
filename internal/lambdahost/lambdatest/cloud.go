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

// Bucket is the only bucket of a Cloud.
const Bucket = "voc-test"

// Cloud emulates what the functions call in AWS: S3 with one bucket, GetParameter of
// SSM, and asynchronous invocations of Lambda.
type Cloud struct {
	t                   testing.TB
	s3, ssm, invocation *httptest.Server

	mu             sync.Mutex
	interceptor    Interceptor // nil for none
	parameters     map[string]string
	parameterReads int
	invocations    []Invocation
	rejection      string
}

// Interceptor handles a request for S3. It may pass the request on.
type Interceptor = func(w http.ResponseWriter, r *http.Request, s3 http.Handler)

// Invocation is an invocation that Lambda has accepted.
type Invocation struct {
	Function string
	Payload  string
}

// NewCloud starts a Cloud on loopback. It ends with the test.
func NewCloud(t testing.TB) *Cloud {
	t.Helper()
	c := &Cloud{t: t, parameters: map[string]string{}}
	backend := s3mem.New()
	if err := backend.CreateBucket(Bucket); err != nil {
		t.Fatal(err)
	}
	store := gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	c.s3 = c.serve(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		intercept := c.interceptor
		c.mu.Unlock()
		if intercept == nil {
			store.ServeHTTP(w, r)
			return
		}
		intercept(w, r, store)
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

// Environ returns the variables that point a function to the Cloud.
func (c *Cloud) Environ() []string {
	return []string{
		"AWS_ENDPOINT_URL_S3=" + c.s3.URL,
		"AWS_ENDPOINT_URL_SSM=" + c.ssm.URL,
		"AWS_ENDPOINT_URL_LAMBDA=" + c.invocation.URL,
	}
}

// S3 returns the URL of S3.
func (c *Cloud) S3() string { return c.s3.URL }

// Intercept sets the handler of each request for S3; nil removes it.
func (c *Cloud) Intercept(interceptor Interceptor) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.interceptor = interceptor
}

// PutParameter puts a SecureString into SSM.
func (c *Cloud) PutParameter(name, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.parameters[name] = value
}

// DeleteParameter deletes a parameter from SSM.
func (c *Cloud) DeleteParameter(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.parameters, name)
}

// ParameterReads returns how often SSM was called for a parameter.
func (c *Cloud) ParameterReads() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.parameterReads
}

// RejectInvocations makes invocations fail with an error code; "" makes them work again.
func (c *Cloud) RejectInvocations(code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rejection = code
}

// Invocations returns the accepted invocations, oldest first.
func (c *Cloud) Invocations() []Invocation {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Invocation(nil), c.invocations...)
}

// getParameter responds as SSM does, in its JSON protocol.
func (c *Cloud) getParameter(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Name           string
		WithDecryption bool
	}
	err := json.NewDecoder(r.Body).Decode(&in)
	if err != nil || r.Header.Get("X-Amz-Target") != "AmazonSSM.GetParameter" {
		respondError(w, http.StatusBadRequest, "UnknownOperationException")
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.parameterReads++
	value, ok := c.parameters[in.Name]
	if !ok {
		respondError(w, http.StatusBadRequest, "ParameterNotFound")
		return
	}
	if !in.WithDecryption {
		value = "kms:encrypted"
	}
	respond(w, http.StatusOK, map[string]any{"Parameter": map[string]any{
		"Name": in.Name, "Type": "SecureString", "Value": value, "Version": 1,
	}})
}

// invoke responds as Lambda does.
func (c *Cloud) invoke(w http.ResponseWriter, r *http.Request) {
	function, ok := strings.CutPrefix(r.URL.Path, "/2015-03-31/functions/")
	function, end := strings.CutSuffix(function, "/invocations")
	payload, err := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !ok || !end || err != nil || r.Header.Get("X-Amz-Invocation-Type") != "Event":
		respondError(w, http.StatusBadRequest, "InvalidRequestContentException")
	case c.rejection != "":
		respondError(w, http.StatusForbidden, c.rejection)
	default:
		c.invocations = append(c.invocations, Invocation{function, string(payload)})
		w.WriteHeader(http.StatusAccepted)
	}
}

func respondError(w http.ResponseWriter, status int, code string) {
	w.Header().Set("X-Amzn-Errortype", code)
	respond(w, status, map[string]string{"__type": code, "message": "details"})
}

func respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // fails if the client is gone
}
