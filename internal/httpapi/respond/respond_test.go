package respond_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"voc/internal/bound"
	"voc/internal/httpapi/respond"
)

var tag = respond.Validator{ETag: `W/"1"`}

// send sends an answer to a GET. headers are pairs of name and value.
func send(
	w *respond.Writer, a respond.Answer, headers ...string,
) (*httptest.ResponseRecorder, error) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	out := httptest.NewRecorder()
	response := w.To(out, r)
	err := response.Send(a)
	return out, err
}

// TestSendAfterFailedBody sends a problem on a response whose cacheable body failed before it
// started. Nothing of the first answer may be on it, in its headers or in the cache.
func TestSendAfterFailedBody(t *testing.T) {
	t.Parallel()
	w := respond.NewWriter(0)
	good := respond.Answer{Validator: tag, Body: respond.Bytes("good")}
	if _, err := send(w, good); err != nil {
		t.Fatal(err)
	}
	failed := errors.New("read the body")
	bad := good
	bad.Header.TotalCount = "7"
	bad.Body = respond.Stream{Pieces: func(yield func([]byte, error) bool) { yield(nil, failed) }}
	out := httptest.NewRecorder()
	response := w.To(out, httptest.NewRequest(http.MethodGet, "/", nil))
	if err := response.Send(bad); !errors.Is(err, failed) || response.Started() {
		t.Fatalf("%v, started %t", err, response.Started())
	}
	problem := respond.Answer{Status: http.StatusInternalServerError, Body: respond.Bytes("problem")}
	if err := response.Send(problem); err != nil || out.Body.String() != "problem" {
		t.Errorf("%v %q", err, out.Body)
	}
	for _, name := range []string{"ETag", "X-Total-Count"} {
		if value := out.Header().Get(name); value != "" {
			t.Errorf("%s: %s", name, value)
		}
	}
	for range 3 {
		if out, err := send(w, good); err != nil || out.Body.String() != "good" {
			t.Errorf("%v %q", err, out.Body)
		}
	}
}

// TestSendNotModified checks which answers a condition applies to.
func TestSendNotModified(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer respond.Answer
		status int
	}{
		"with validator":    {respond.Answer{Validator: tag, Body: respond.Bytes("x")}, 304},
		"without validator": {respond.Answer{Body: respond.Bytes("x")}, 200},
		"problem":           {respond.Answer{Status: 404, Body: respond.Bytes("x")}, 404},
	} {
		out, err := send(respond.NewWriter(0), c.answer, "If-None-Match", "*")
		if err != nil || out.Code != c.status || c.status == 304 && out.Body.Len() > 0 {
			t.Errorf("%s: %d %v %q, want %d", name, out.Code, err, out.Body, c.status)
		}
	}
}

// TestSendLimit checks that no header is set on a response whose body is too large.
func TestSendLimit(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("x", 40<<10)
	stream := respond.Stream{
		Pieces: func(yield func([]byte, error) bool) { yield([]byte(text), nil) },
	}
	for name, body := range map[string]respond.Body{"bytes": respond.Bytes(text), "stream": stream} {
		for limit, want := range map[int64]error{40 << 10: nil, 40<<10 - 1: respond.ErrTooLarge} {
			out, err := send(respond.NewWriter(limit), respond.Answer{Validator: tag, Body: body})
			if !errors.Is(err, want) {
				t.Errorf("%s, limit %d: %v, want %v", name, limit, err, want)
			}
			if want != nil && (len(out.Header()) > 0 || out.Body.Len() > 0) {
				t.Errorf("%s, limit %d: %v %d bytes", name, limit, out.Header(), out.Body.Len())
			}
		}
	}
}

// FuzzMediaWeight checks that each Accept header gives a weight from 0 to 1, and that a type
// that is not named in any form has none.
func FuzzMediaWeight(f *testing.F) {
	for _, seed := range []string{
		"", "text/csv", "TEXT/CSV;q=0.5, */*;q=0.1", "text/*;level=1;q=2", "*/*;q=NaN", "a,;,q=",
		"application/json;q=1e-9,text/csv;q=\x00", "*/csv",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, accepted string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Accept"] = []string{accepted}
		weight := respond.MediaWeight(r, "text/csv")
		if !(weight >= 0 && weight <= 1) {
			t.Errorf("%q weighs %v", accepted, weight)
		}
		if named := strings.ToLower(accepted); weight > 0 && !strings.Contains(named, "text/") &&
			!strings.Contains(named, "*/*") {
			t.Errorf("%q weighs %v and is not named", accepted, weight)
		}
	})
}

// TestCacheIsBounded requests thousands of answers with long headers, each three times.
func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	w := respond.NewWriter(0)
	for i := range 9000 {
		link := strings.Repeat("x", 1+i%4000)
		a := respond.Answer{
			Validator: respond.Validator{ETag: fmt.Sprintf(`W/"%d"`, i)},
			Header:    respond.Header{Link: link, NextCursor: link[:i%1000%len(link)]},
			Body:      respond.Bytes(strings.Repeat("x", i%3*20_000)),
		}
		for range 3 {
			if _, err := send(w, a); err != nil {
				t.Fatal(err)
			}
		}
		counted, texts := w.CacheSize()
		if counted > bound.CachedAnswers || texts > counted {
			t.Fatalf("%d bytes are cached, %d are counted", texts, counted)
		}
	}
}

// TestStreamsAreBounded: a client that takes nothing leaves its lane, so that others get
// their streams meanwhile; one more than there may be gets ErrBusy.
func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	w := respond.NewWriter(0)
	var stuck sync.WaitGroup
	reached, letGo := make(chan struct{}), make(chan struct{})
	large := respond.Stream{Large: true, Pieces: func(yield func([]byte, error) bool) {
		for range 4 {
			if !yield([]byte(strings.Repeat("x", 40<<10)), nil) {
				return
			}
		}
	}}
	for i := range bound.Streams {
		stuck.Go(func() {
			out := &slow{ResponseRecorder: httptest.NewRecorder(), reached: reached, letGo: letGo}
			response := w.To(out, httptest.NewRequest(http.MethodGet, "/", nil))
			if err := response.Send(respond.Answer{Body: large}); err != nil {
				t.Errorf("%d: %v", i, err)
			}
		})
		<-reached
	}
	if _, err := send(w, respond.Answer{Body: large}); !errors.Is(err, bound.ErrBusy) {
		t.Errorf("one more: %v", err)
	}
	small := respond.Stream{Pieces: func(yield func([]byte, error) bool) { yield([]byte("x"), nil) }}
	if _, err := send(w, respond.Answer{Body: small}); err != nil {
		t.Errorf("a short body: %v", err)
	}
	growing := respond.Stream{Pieces: func(yield func([]byte, error) bool) {
		for range 3 {
			if !yield([]byte(strings.Repeat("y", 120<<10)), nil) {
				return
			}
		}
	}}
	out := httptest.NewRecorder()
	response := w.To(out, httptest.NewRequest(http.MethodGet, "/", nil))
	if err := response.Send(respond.Answer{Body: growing}); !errors.Is(err, bound.ErrBusy) ||
		response.Started() {
		t.Errorf("a body that turns out to be large: %v, started %t", err, response.Started())
	}
	close(letGo)
	stuck.Wait()
	for _, encoding := range []string{"identity", "gzip", "br"} {
		out, err := send(w, respond.Answer{Body: growing}, "Accept-Encoding", encoding)
		if err != nil || encoding == "identity" && out.Body.String() != strings.Repeat("y", 360<<10) {
			t.Errorf("%s: %d bytes, %v", encoding, out.Body.Len(), err)
		}
	}
	if out, err := send(w, respond.Answer{Body: large}); err != nil || out.Body.Len() != 160<<10 {
		t.Errorf("afterwards: %v", err)
	}
}

// slow blocks its first write.
type slow struct {
	*httptest.ResponseRecorder
	once           sync.Once
	reached, letGo chan struct{}
}

func (s *slow) Write(p []byte) (int, error) {
	s.once.Do(func() {
		s.reached <- struct{}{}
		<-s.letGo
	})
	return s.ResponseRecorder.Write(p)
}
