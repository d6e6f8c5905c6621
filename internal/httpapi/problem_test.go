package httpapi_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"voc/internal/access"
	"voc/internal/blob/blobtest"
	"voc/internal/httpapi"
	"voc/internal/job"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares with a file of testdata, which has the same JSON, indented.
func golden(t *testing.T, name, got string) {
	t.Helper()
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(got), "", "  "); err != nil {
		t.Fatalf("%v in %q", err, got)
	}
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(path, indented.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), indented.String()); diff != "" {
		t.Errorf("%s (-golden +got):\n%s", path, diff)
	}
}

func goldenName(name string) string { return "problem-" + strings.ReplaceAll(name, " ", "-") }

// problem has the keys of RFC 9457 and of this API.
type problem struct {
	Type, Title, Detail string
	Status              int
	Errors              []parameterError
	RequestID           string `json:"request_id"`
}

type parameterError struct{ Parameter, Detail string }

func (a answer) problem(t testing.TB) (p problem) {
	t.Helper()
	a.decode(t, &p)
	return p
}

// failing returns requests that cause each kind of problem.
func failing(t *testing.T) map[string]func() answer {
	stored := func(change func(*service), options ...func(*httpapi.Config)) *service {
		s := newService(t, options...)
		change(s)
		return s
	}
	full, closed, open := serving(t), serving(t, tokens), newService(t, tokens)
	dead := stored(func(s *service) { s.store.Inject(blobtest.Fault{Effect: blobtest.Refused}) })
	stopping := stored(func(s *service) { s.refresher.err = job.ErrStopped }, tokens)
	broken := stored(
		func(s *service) { s.refresher.err = errors.New("dial tcp 10.0.0.1: secret internals") }, tokens,
	)
	idle := stored(func(s *service) {
		s.refresher.err = fmt.Errorf("%w: no function secret-internals", job.ErrNotStarted)
	}, tokens)
	unread := newService(t, func(c *httpapi.Config) { c.Access.TokensUnread = true })
	crowded := serving(t, carries(400))
	panicking := stored(
		func(s *service) { s.refresher.onActive = func() { panic("secret internals") } },
	)
	manned, tried := serving(t, staff), serving(t, staff)
	behind := serving(t, func(c *httpapi.Config) { c.Access.Reads = access.JWTReads })
	for range 5 {
		tried.signIn("ann@example.com", "guess")
	}
	ask := func(s *service, method, target string, headers ...string) func() answer {
		return func() answer { return s.ask(method, target, headers...) }
	}
	return map[string]func() answer{
		"unknown path":        ask(full, "GET", "/api/feedbacks"),
		"users of a frontend": ask(full, "GET", "/api/users/"),
		"chat of a frontend":  ask(full, "POST", "/api/chat/sessions"),
		"no users configured": func() answer {
			return full.signIn("ann@example.com", "open sesame")
		},
		"wrong password": func() answer { return manned.signIn("ann@example.com", "guess") },
		"body of a sign-in": func() answer {
			return manned.post("/api/users/auth", `{"email": 1}`)
		},
		"too many tries": func() answer {
			return tried.signIn("ann@example.com", "open sesame")
		},
		"query too long":           ask(full, "GET", "/api/feedback/?team="+strings.Repeat("a", 16_000)),
		"reading past the gateway": ask(behind, "GET", "/api/feedback/"),
		"unknown record":           ask(full, "GET", "/api/feedback/recNobody"),
		"unknown run":              ask(full, "GET", "/api/cache/runs/full-nobody"),
		"wrong method":             ask(full, "DELETE", "/api/feedback/rec00000000000001"),
		"unknown parameter":        ask(full, "GET", "/api/feedback/?teem=Alpha"),
		"unknown where none is":    ask(full, "GET", "/api/cache/?verbose=1"),
		"parameter twice":          ask(full, "GET", "/api/feedback/?limit=1&limit=1"),
		"several wrong parameters": ask(
			full, "GET", "/api/feedback/?limit=1&limit=2&team=%FF&Team=a&sort=up",
		),
		"query not encoded":        ask(full, "GET", "/api/feedback/?team=%zz"),
		"limit out of range":       ask(full, "GET", "/api/feedback/?limit=1001"),
		"limit of runs":            ask(full, "GET", "/api/cache/runs?limit=201"),
		"reading without a token":  ask(closed, "GET", "/api/feedback/"),
		"updating without a token": ask(closed, "POST", "/api/cache/update-full"),
		"no admin tokens": ask(full, "POST", "/api/cache/update-full",
			"Authorization", "Bearer read-1"),
		"body of a command": func() answer {
			return open.post("/api/cache/update-full", `{"force":true}`)
		},
		"no snapshot yet":       ask(open, "GET", "/api/feedback/", "Authorization", "Bearer read-1"),
		"no snapshot to be had": ask(dead, "GET", "/api/feedback/"),
		"stopping":              func() answer { return stopping.post("/api/cache/update-full", "") },
		"refresh not started":   func() answer { return idle.post("/api/cache/update-full", "") },
		"tokens unread":         func() answer { return unread.post("/api/cache/update-full", "") },
		"answer too large":      ask(crowded, "GET", "/api/feedback/"),
		"internal error":        func() answer { return broken.post("/api/cache/update-full", "") },
		"panic":                 ask(panicking, "GET", "/api/cache/"),
	}
}

// tokens requires a token: one of two to read, another one for admins.
func tokens(c *httpapi.Config) {
	c.Access = access.Policy{
		Reads:       access.TokenReads,
		ReadTokens:  []access.Secret{access.NewSecret("read-1"), access.NewSecret("read-2")},
		AdminTokens: []access.Secret{access.NewSecret("admin-1")},
	}
}

func TestProblemBodies(t *testing.T) {
	t.Parallel()
	for name, ask := range failing(t) {
		t.Run(name, func(t *testing.T) {
			a := ask()
			a.is(t, a.problem(t).Status)
			a.has(
				t, "Cache-Control", "no-store", "ETag", "", "Last-Modified", "", "X-Total-Count", "",
				"Content-Encoding", "", "X-Content-Type-Options", "nosniff",
			)
			golden(
				t, goldenName(name), strings.ReplaceAll(a.body, a.Header.Get("X-Request-Id"), "<X-Request-Id>"),
			)
		})
	}
}

func TestProblemKeys(t *testing.T) {
	t.Parallel()
	for name, ask := range failing(t) {
		a := ask()
		var keys map[string]json.RawMessage
		a.decode(t, &keys)
		for _, key := range []string{"type", "title", "status", "detail"} {
			if keys[key] == nil {
				t.Errorf("%s: no %s in %s", name, key, a.body)
			}
		}
		p := a.problem(t)
		if p.Status != a.StatusCode || p.Title != http.StatusText(a.StatusCode) || p.Detail == "" ||
			!strings.HasPrefix(p.Type, "/api/docs#") {
			t.Errorf("%s: %s", name, a.body)
		}
	}
}

func TestInternalErrorHidesCause(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"internal error", "panic"} {
		a := failing(t)[name]()
		a.is(t, http.StatusInternalServerError)
		if id := a.Header.Get("X-Request-Id"); id == "" || a.problem(t).RequestID != id {
			t.Errorf("%s: request_id in %s, X-Request-Id %q", name, a.body, id)
		}
		for _, internal := range []string{"secret", "10.0.0.1", "goroutine", ".go"} {
			if strings.Contains(a.body, internal) {
				t.Errorf("%s reveals %q: %s", name, internal, a.body)
			}
		}
	}
}

func TestInternalErrorIsLogged(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.refresher.onActive = func() { panic("secret internals") }
	id := s.get("/api/cache/").Header.Get("X-Request-Id")
	alerts := s.log.alerts()
	if len(alerts) != 1 {
		t.Fatalf("logged %q", alerts)
	}
	for _, part := range []string{
		"level=ERROR", id, "/api/cache/", "secret internals", "fixture_test.go",
	} {
		if !strings.Contains(alerts[0], part) {
			t.Errorf("%q is not in %s", part, alerts[0])
		}
	}
}

func TestRequestIDIsUnique(t *testing.T) {
	t.Parallel()
	s := serving(t)
	seen := map[string]bool{"": true}
	for _, target := range []string{"/api/feedback/", "/api/feedback/", "/api/live", "/nowhere"} {
		id := s.get(target, "X-Request-Id", "the-client's").Header.Get("X-Request-Id")
		if seen[id] || id == "the-client's" {
			t.Errorf("%s: X-Request-Id %q", target, id)
		}
		seen[id] = true
	}
}

// TestDamagedFileIs500 truncates the files of an open snapshot, as a bad disk could.
func TestDamagedFileIs500(t *testing.T) {
	t.Parallel()
	s := serving(t)
	files, err := filepath.Glob(filepath.Join(s.dir, "*.sqlite"))
	if err != nil || len(files) != 3 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if err := os.Truncate(file, 4096); err != nil {
			t.Fatal(err)
		}
	}
	for _, target := range []string{
		"/api/feedback/?team=beta", "/api/feedback/?limit=5", "/api/feedback/rec00000000000001",
	} {
		a := s.get(target)
		a.is(t, http.StatusInternalServerError)
		a.has(t, "ETag", "", "Last-Modified", "", "X-Total-Count", "", "Cache-Control", "no-store")
		if strings.Contains(a.body, "SQL") || strings.Contains(a.body, "malformed") {
			t.Errorf("%s reveals %s", target, a.body)
		}
	}
	if alerts := s.log.alerts(); len(alerts) != 3 {
		t.Errorf("logged %q", alerts)
	}
}

// TestFailedBodyIsCutOff makes the list's file unreadable after its length was sent.
func TestFailedBodyIsCutOff(t *testing.T) {
	t.Parallel()
	s := serving(t)
	s.get("/api/feedback/").is(t, 200) // lays the list beside the snapshot
	lists, err := filepath.Glob(filepath.Join(s.dir, "*.identity"))
	if err != nil || len(lists) != 1 {
		t.Fatal(lists, err)
	}
	if err := errors.Join(os.Remove(lists[0]), os.Mkdir(lists[0], 0o700)); err != nil {
		t.Fatal(err)
	}
	fault := s.cutOff(httptest.NewRecorder(), httptest.NewRequest("GET", "/api/feedback/", nil))
	if !aborted(fault) {
		t.Errorf("not cut off, but %v", fault)
	}
	if alerts := s.log.alerts(); len(alerts) != 1 || !strings.Contains(alerts[0], "directory") {
		t.Errorf("logged %q", alerts)
	}
}

// aborted reports whether a panic makes the server cut the connection.
func aborted(fault any) bool {
	err, ok := fault.(error)
	return ok && errors.Is(err, http.ErrAbortHandler)
}

// cutOff returns the panic of the API, nil if it answers.
func (s *service) cutOff(w http.ResponseWriter, r *http.Request) (fault any) {
	defer func() { fault = recover() }()
	s.ServeHTTP(w, r)
	return nil
}

func TestPanicInBodyIsCutOff(t *testing.T) {
	t.Parallel()
	s := serving(t)
	w := &hooked{ResponseRecorder: httptest.NewRecorder(), onWrite: func() error { panic("at once") }}
	if fault := s.cutOff(w, httptest.NewRequest("GET", "/api/live", nil)); !aborted(fault) {
		t.Errorf("not cut off, but %v", fault)
	}
	if alerts := s.log.alerts(); len(alerts) != 1 || !strings.Contains(alerts[0], "at once") {
		t.Errorf("logged %q", alerts)
	}
}

// hooked calls a function before each write.
type hooked struct {
	*httptest.ResponseRecorder
	onWrite func() error
}

func (h *hooked) Write(p []byte) (int, error) {
	if err := h.onWrite(); err != nil {
		return 0, err
	}
	return h.ResponseRecorder.Write(p)
}

func TestGoldenFilesAreUsed(t *testing.T) {
	t.Parallel()
	var want []string
	for name := range failing(t) {
		want = append(want, goldenName(name)+".json")
	}
	want = append(want, "status.json")
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !entry.IsDir() && !slices.Contains(want, entry.Name()) {
			t.Errorf("%s belongs to no test", entry.Name())
		}
	}
}
