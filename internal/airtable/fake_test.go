package airtable_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"voc/internal/airtable"
)

const (
	token = "patSECRETSECRET.0123456789abcdef0123456789abcdef"
	base  = "appFeedback000001"
)

// sent is a request as the fake received it.
type sent struct {
	at     time.Time
	header http.Header
	path   string
	body   string
}

// fake is an Airtable in memory. The n-th request goes to the n-th step, later requests
// to the last. A step that panics with an error makes the transport fail with that error.
type fake struct {
	steps []http.HandlerFunc
	mu    sync.Mutex
	sent  []sent
}

func (f *fake) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	body, _ := io.ReadAll(req.Body)
	f.mu.Lock()
	step := f.steps[min(len(f.sent), len(f.steps)-1)]
	f.sent = append(f.sent, sent{time.Now(), req.Header, req.URL.EscapedPath(), string(body)})
	f.mu.Unlock()
	defer func() {
		if fault, ok := recover().(error); ok {
			resp, err = nil, fault
		}
	}()
	req.Body = io.NopCloser(strings.NewReader(string(body)))
	recorder := httptest.NewRecorder()
	recorder.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	step(recorder, req)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	return recorder.Result(), nil
}

func (f *fake) calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.sent)
}

// client returns a client of f with a changed configuration.
func (f *fake) client(change ...func(*airtable.Config)) *airtable.Client {
	cfg := airtable.Config{
		Token: func(context.Context) (string, error) { return token, nil },
		Base:  base,
		Pacer: airtable.NewPacer(airtable.Rate),
		HTTP:  f,
	}
	for _, c := range change {
		c(&cfg)
	}
	return airtable.New(cfg)
}

// logTo makes a client log everything to w.
func logTo(w io.Writer) func(*airtable.Config) {
	return func(cfg *airtable.Config) {
		cfg.Log = slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
}

func steps(all ...http.HandlerFunc) *fake { return &fake{steps: all} }

// respond is a step that responds with status, body and headers (name, value…).
func respond(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// reject is a step that responds with an error in Airtable's usual shape.
func reject(status int, kind string) http.HandlerFunc {
	return respond(status, `{"error":{"type":"`+kind+`","message":"words about it"}}`)
}

// breaks is a step whose transport fails.
func breaks(err error) http.HandlerFunc {
	return func(http.ResponseWriter, *http.Request) { panic(err) }
}

// hangs is a step that never responds.
func hangs(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// after delays a step.
func after(d time.Duration, step http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(d):
			step(w, r)
		case <-r.Context().Done():
		}
	}
}

var me = respond(200, `{"id":"usrMe"}`)

// table is a step that serves that many records, two per page.
func table(records int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var query struct{ Offset string }
		json.NewDecoder(r.Body).Decode(&query)
		from, _ := strconv.Atoi(strings.TrimPrefix(query.Offset, "itr/"))
		to := min(from+2, records)
		var rows []string
		for i := from; i < to; i++ {
			rows = append(rows, fmt.Sprintf(
				`{"id":"rec%014d","createdTime":"2025-03-01T12:00:00.000Z","fields":{}}`, i))
		}
		more := ""
		if to < records {
			more = fmt.Sprintf(`,"offset":"itr/%d"`, to)
		}
		fmt.Fprintf(w, `{"records":[%s]%s}`, strings.Join(rows, ","), more)
	}
}

// failure returns the *Error in err.
func failure(t *testing.T, err error) *airtable.Error {
	t.Helper()
	failed, ok := errors.AsType[*airtable.Error](err)
	if !ok {
		t.Fatalf("error is %T (%v), want *airtable.Error", err, err)
	}
	return failed
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not contain %q", text, part)
		}
	}
}
