package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"
)

// targets answer from the snapshot in each of the ways there are.
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
				w := &hooked{ResponseRecorder: httptest.NewRecorder(), onWrite: func() error { return errors.New("broken pipe") }}
				s.cutOff(w, r)
				if worries := s.log.worries(); worries != nil {
					t.Errorf("logged %q", worries)
				}
			})
		}
	}
}

// TestAbandonedRequestIsNotEmpty200 is about clients that only stop sending: their request's context ends although they still read.
func TestAbandonedRequestIsNotEmpty200(t *testing.T) {
	t.Parallel()
	s := serving(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, target := range targets {
		if a := s.send(httptest.NewRequestWithContext(gone, "GET", target, nil)); a.StatusCode < 400 && a.body != s.get(target).body {
			t.Errorf("%s: %d %.100q", name, a.StatusCode, a.body)
		}
	}
	if worries := s.log.worries(); worries != nil {
		t.Errorf("logged %q", worries)
	}
}

// TestSlowClientsDoNotBlockOthers: whoever takes its time holds nothing that others need, however many there are.
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
	for _, target := range []string{"/api/feedback/rec00000000000001", "/api/feedback/?limit=46", "/api/feedback/facets?team=beta", "/api/feedback/"} {
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
	if worries := s.log.worries(); len(worries) != 1 {
		t.Errorf("logged %q", worries)
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
	if worries := s.log.worries(); worries != nil {
		t.Errorf("logged %q", worries)
	}
}
