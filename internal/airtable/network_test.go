package airtable_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"voc/internal/airtable"
)

// TestConnectionFaultsAreRetried fails the first try in ways that only a real connection
// has; the second try succeeds.
func TestConnectionFaultsAreRetried(t *testing.T) {
	t.Parallel()
	start := func(w http.ResponseWriter) { // a page that is longer than what follows
		w.Header().Set("Content-Length", "10000")
		fmt.Fprint(w, `{"records":[{"id":"rec1","fields":{}},`)
		w.(http.Flusher).Flush()
	}
	for name, fault := range map[string]http.HandlerFunc{
		"closed without a response": func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		},
		"cut in the body": func(w http.ResponseWriter, _ *http.Request) {
			start(w)
			panic(http.ErrAbortHandler)
		},
		"cut between chunks": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"records":[]`)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
		"reset": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := http.NewResponseController(w).Hijack()
			conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		},
		"no HTTP": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := http.NewResponseController(w).Hijack()
			fmt.Fprint(conn, "SSH-2.0-OpenSSH_9.6\r\n")
			conn.Close()
		},
		"stalled before the response": func(_ http.ResponseWriter,
			r *http.Request) {
			<-r.Context().Done()
		},
		"stalled in the body": func(w http.ResponseWriter, r *http.Request) {
			start(w)
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			c := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if calls.Add(1) == 1 {
					fault(w, r)
					return
				}
				table(3)(w, r)
			})
			if strings.HasPrefix(name, "stalled") {
				c.LimitTry(2 * time.Second)
			}
			if got, err := walk(t.Context(), c); err != nil || got != "1.1:2 1.2:1" {
				t.Errorf("pages %q, %v", got, err)
			}
			if counts := c.Counts(); counts.Calls != 3 || counts.Retries != 1 {
				t.Errorf("counts are %+v, want 3 calls and 1 retry", counts)
			}
		})
	}
}

func TestCancelEndsStalledResponse(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"records":[`)
		w.(http.Flusher).Flush()
		cancel()
		<-r.Context().Done()
	})
	_, err := walk(ctx, c)
	if _, blamed := errors.AsType[*airtable.Error](err); blamed || !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want the cancellation alone", err)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the redirect was followed, with Authorization %q", r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		c := serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, status)
		})
		if _, err := walk(t.Context(), c); failure(t, err).Status != status || c.Counts().Calls != 1 {
			t.Errorf("got %v, want the %d as an error", err, status)
		}
	}
}

func TestRefusedConnectionKeepsCause(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	c := airtable.New(airtable.Config{
		URL:   "http://" + listener.Addr().String() + "/",
		Token: func(context.Context) (string, error) { return token, nil },
	})
	_, err = c.Whoami(ctx)
	if !errors.Is(err, syscall.ECONNREFUSED) || failure(t, err).Fault() != airtable.FaultNetwork {
		t.Errorf("error is %v, want connection refused and FaultNetwork", err)
	}
}

// serve returns a client of a server on loopback, with its own transport.
func serve(t *testing.T, handler http.HandlerFunc) *airtable.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // without it, the server does not see that the client has left
		r.Body = io.NopCloser(bytes.NewReader(body))
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	return airtable.New(airtable.Config{
		URL:   server.URL,
		Token: func(context.Context) (string, error) { return token, nil },
		Base:  base,
		Pacer: airtable.NewPacer(1000),
	})
}
