package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"
)

// targets are answered from the snapshot in every way: precomputed, from memory, and streamed.
var targets = map[string]string{
	"whole list":   "/api/feedback/",
	"filtered":     "/api/feedback/?environment=kiosk",
	"long":         "/api/feedback/?limit=45",
	"one":          "/api/feedback/rec00000000000001",
	"status":       "/api/cache/",
	"an error too": "/api/feedback/recNobody",
}

func TestClientGoneIsNotLogged(t *testing.T) {
	t.Parallel()
	for name, target := range targets {
		for _, encoding := range []string{"identity", "gzip", "br"} {
			t.Run(name+" "+encoding, func(t *testing.T) {
				s := serving(t)
				r := httptest.NewRequest("GET", target, nil)
				r.Header.Set("Accept-Encoding", encoding)
				w := &hooked{
					ResponseRecorder: httptest.NewRecorder(),
					onWrite:          func() error { return errors.New("broken pipe") },
				}
				s.cutOff(w, r)
				if alerts := s.log.alerts(); alerts != nil {
					t.Errorf("logged %q", alerts)
				}
			})
		}
	}
}

// TestAbandonedRequestIsNotEmpty200 ends the context of requests whose clients still read.
func TestAbandonedRequestIsNotEmpty200(t *testing.T) {
	t.Parallel()
	s := serving(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, target := range targets {
		a := s.send(httptest.NewRequestWithContext(gone, "GET", target, nil))
		if a.StatusCode < 400 && a.body != s.get(target).body {
			t.Errorf("%s: %d %.100q", name, a.StatusCode, a.body)
		}
	}
	if alerts := s.log.alerts(); alerts != nil {
		t.Errorf("logged %q", alerts)
	}
}

// TestSlowClientsDoNotBlockOthers checks that many slow clients hold nothing that others need.
func TestSlowClientsDoNotBlockOthers(t *testing.T) {
	t.Parallel()
	s := serving(t)
	stuck, letGo := make(chan struct{}), make(chan struct{})
	var slow sync.WaitGroup
	for i := range 10 {
		slow.Go(func() {
			w := &hooked{ResponseRecorder: httptest.NewRecorder(), onWrite: func() error {
				stuck <- struct{}{}
				<-letGo
				return nil
			}}
			s.ServeHTTP(w, httptest.NewRequest("GET", fmt.Sprintf("/api/feedback/?limit=%d", 30+i), nil))
		})
		<-stuck
	}
	for _, target := range []string{
		"/api/feedback/rec00000000000001", "/api/feedback/?limit=46", "/api/feedback/facets?team=beta",
		"/api/feedback/",
	} {
		s.get(target).is(t, 200)
	}
	go func() {
		for range stuck { // later writes pass
		}
	}()
	close(letGo)
	slow.Wait()
	close(stuck)
}

func TestPanicIsLoggedWithoutClient(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.refresher.onActive = func() { panic("at once") }
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	s.send(httptest.NewRequestWithContext(gone, "GET", "/api/cache/", nil))
	if alerts := s.log.alerts(); len(alerts) != 1 {
		t.Errorf("logged %q", alerts)
	}
}

func TestFetchOutlivesClient(t *testing.T) {
	t.Parallel()
	s := newService(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, target := range []string{"/api/feedback/", "/api/cache/", "/api/health"} {
		s.cutOff(httptest.NewRecorder(), httptest.NewRequestWithContext(gone, "GET", target, nil))
	}
	if warnings := s.status().Warnings; len(warnings) > 0 {
		t.Errorf("the status warns %q", warnings)
	}
	if alerts := s.log.alerts(); alerts != nil {
		t.Errorf("logged %q", alerts)
	}
}
