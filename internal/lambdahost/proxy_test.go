package lambdahost_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"voc/internal/lambdahost"
)

// through sends a request for a path through the Proxy of a handler.
func through(
	t *testing.T, path string, handler http.HandlerFunc,
	change ...func(*events.APIGatewayV2HTTPRequest),
) (response events.APIGatewayV2HTTPResponse, log string) {
	t.Helper()
	var logged bytes.Buffer
	e := events.APIGatewayV2HTTPRequest{RawPath: path}
	e.RequestContext.HTTP.Method = "GET"
	for _, c := range change {
		c(&e)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	response, err := lambdahost.Proxy(handler, unclaimed,
		slog.New(slog.NewTextHandler(&logged, nil)))(ctx, e)
	if err != nil {
		t.Fatal(err)
	}
	return response, logged.String()
}

func TestProxyPanic(t *testing.T) {
	for name, fault := range map[string]any{
		"panic": "secret internals", "aborted response": http.ErrAbortHandler,
	} {
		t.Run(name, func(t *testing.T) {
			response, log := through(t, "/", func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "half of a resp")
				panic(fault)
			})
			if response.StatusCode != 500 || strings.Contains(response.Body, "half") ||
				strings.Contains(response.Body, "secret") ||
				response.Headers["Content-Type"] != "application/problem+json" {
				t.Errorf("%+v", response)
			}
			if !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "proxy_test.go") {
				t.Errorf("logged %s", log)
			}
		})
	}
}

func TestProxyPath(t *testing.T) {
	for _, path := range []string{"/", "/api/feedback/", "/api/feedback", "/a%b", "/100%/x", "/a?b=c",
		"/a#b", "/日本語", "/a b", "//a", "/%2F", "/a+b;c"} {
		through(t, path, func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path != path || r.URL.RawQuery != "" {
				t.Errorf("%s is received as path %q, query %q", path, r.URL.Path, r.URL.RawQuery)
			}
		})
	}
}

func TestProxyRequest(t *testing.T) {
	through(t, "/", func(_ http.ResponseWriter, r *http.Request) {
		if _, ok := r.Context().Deadline(); !ok || r.RemoteAddr != "192.0.2.1" ||
			strings.Join(r.Header.Values("If-None-Match"), ",") != `W/"a",W/"b"` ||
			r.URL.RawQuery != "a=%20&a=+" || r.Header.Get("Authorization") != "Bearer a,b" {
			t.Errorf("received %s from %s with %v", r.URL, r.RemoteAddr, r.Header)
		}
	}, func(e *events.APIGatewayV2HTTPRequest) {
		e.RawQueryString = "a=%20&a=+"
		e.Headers = map[string]string{"if-none-match": `W/"a", W/"b"`, "authorization": "Bearer a,b"}
		e.RequestContext.HTTP.SourceIP = "192.0.2.1"
	})
}

func TestProxyLargestResponse(t *testing.T) {
	largest := lambdahost.AnswerLimit / 4 * 3
	for name, body := range map[string]string{
		"brackets (six bytes in JSON)": strings.Repeat("<", largest),
		"quotes":                       strings.Repeat(`"`, largest),
		"bytes that are not text":      strings.Repeat("\xff", largest),
		"brackets, below the limit":    strings.Repeat("<", lambdahost.AnswerLimit/6),
		"brackets, above the limit":    strings.Repeat("<", lambdahost.AnswerLimit/6+1),
	} {
		t.Run(name, func(t *testing.T) {
			response, _ := through(t, "/", func(w http.ResponseWriter, _ *http.Request) {
				for i := range 100 {
					w.Header().Add("X-Long", strings.Repeat("x", 90)+string(rune('0'+i%10)))
				}
				_, _ = io.WriteString(w, body)
			})
			text, err := json.Marshal(response)
			if err != nil || len(text) > 6_291_556 {
				t.Errorf("%d bytes, %v", len(text), err)
			}
			got := response.Body
			if response.IsBase64Encoded {
				decoded, err := base64.StdEncoding.DecodeString(got)
				if err != nil {
					t.Fatal(err)
				}
				got = string(decoded)
			}
			if got != body {
				t.Errorf("%d bytes of %d are received", len(got), len(body))
			}
		})
	}
}

// FuzzProxy: every event that can be decoded gets a response, and the handler receives the path
// that the gateway has sent.
func FuzzProxy(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"rawPath":"/a%b","requestContext":{"http":{"method":"GET"}}}`,
		`{"rawPath":"","requestContext":{"http":{"method":"HEAD","path":"/x/"}}}`,
		`{"rawPath":"//x/../y","rawQueryString":"a=%zz&b","requestContext":{"domainName":"h",` +
			`"http":{"method":"POST"}},"body":"x"}`,
		`{"rawPath":"/","requestContext":{"http":{"method":"GE T"}}}`,
		`{"rawPath":"x:y@z","requestContext":{"domainName":"a b","http":{"method":"GET"}}}`,
		`{"rawPath":"/","isBase64Encoded":true,"body":"!","requestContext":{"http":{"method":"PUT"}}}`,
		`{"rawPath":"/","headers":{"a b":"c\n","if-none-match":"\"a,b\""},"cookies":["a=b"],` +
			`"requestContext":{"http":{"method":"GET"}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		var e events.APIGatewayV2HTTPRequest
		if json.Unmarshal(payload, &e) != nil {
			return
		}
		handler := func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(e.RawPath, "/") && r.URL.Path != e.RawPath {
				t.Errorf("path %q is received as %q", e.RawPath, r.URL.Path)
			}
			w.WriteHeader(http.StatusTeapot)
		}
		response, err := lambdahost.Proxy(http.HandlerFunc(handler), unclaimed,
			slog.New(slog.DiscardHandler))(t.Context(), e)
		if err != nil || response.StatusCode != http.StatusTeapot &&
			response.StatusCode != http.StatusBadRequest {
			t.Errorf("%d, %v", response.StatusCode, err)
		}
	})
}

// unclaimed drops the claims.
func unclaimed(ctx context.Context, _ map[string]string) context.Context { return ctx }

type claimsKey struct{}

// TestProxyClaims: the handler receives the claims of the gateway's authorizer, and none without
// an authorizer.
func TestProxyClaims(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := r.Context().Value(claimsKey{}).(map[string]string)
		_, _ = io.WriteString(w, claims["sub"])
	})
	withClaims := func(ctx context.Context, claims map[string]string) context.Context {
		return context.WithValue(ctx, claimsKey{}, claims)
	}
	type description = events.APIGatewayV2HTTPRequestContextAuthorizerDescription
	verified := description{JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{
		Claims: map[string]string{"sub": "ann"},
	}}
	for want, authorizer := range map[string]*description{"": nil, "ann": &verified} {
		var event events.APIGatewayV2HTTPRequest
		event.RawPath, event.RequestContext.HTTP.Method = "/api/feedback/", "GET"
		event.RequestContext.Authorizer = authorizer
		proxy := lambdahost.Proxy(handler, withClaims, slog.New(slog.DiscardHandler))
		response, err := proxy(t.Context(), event)
		if err != nil || response.Body != want {
			t.Errorf("%+v, %v, want %q", response, err, want)
		}
	}
}
