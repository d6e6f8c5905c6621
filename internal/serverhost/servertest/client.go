package servertest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"voc/internal/airtablesim"
)

// AdminToken is the token of [Base.Variables] for the calls of an admin.
const AdminToken = "try"

// Send does a request and returns the body of its answer. Any status from 300 on fails the test.
func Send(t testing.TB, method, url, token, body string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %s %v", method, url, answer.Status, text, err)
	}
	return string(text)
}

// Get is a reader's GET.
func Get(t testing.TB, url string) string {
	t.Helper()
	return Send(t, http.MethodGet, url, "", "")
}

// Parse reads JSON.
func Parse[T any](t testing.TB, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	return v
}

// Item is a served record, as far as the tests look at it.
type Item struct{ ID, Description string }

// List gives what is served, by id.
func List(t testing.TB, url string) map[string]Item {
	t.Helper()
	all := map[string]Item{}
	for _, item := range Parse[[]Item](t, Get(t, url+"/api/feedback/")) {
		all[item.ID] = item
	}
	return all
}

// Receipt is the receipt of a run, as far as the tests look at it.
type Receipt struct {
	ID, Mode, Trigger, Outcome, Error string
	Added, Changed, Removed           int
}

// StartRefresh has the server begin a refresh, and returns the id of the run.
func (s *Server) StartRefresh(mode, body string) string {
	s.t.Helper()
	started := Parse[struct {
		RunID string `json:"run_id"`
	}](s.t, Send(s.t, http.MethodPost, s.URL()+"/api/cache/update-"+mode, AdminToken, body))
	return started.RunID
}

// Refresh has the server refresh, and returns the receipt once the run is over.
func (s *Server) Refresh(mode string) Receipt {
	s.t.Helper()
	id := s.StartRefresh(mode, "")
	var r Receipt
	s.Eventually("finishes the refresh", func() bool {
		r = Parse[Receipt](s.t, Get(s.t, s.URL()+"/api/cache/runs/"+id))
		return r.Outcome != "" && r.Outcome != "pending"
	})
	return r
}

// Base is an Airtable that outlives the servers which read it. It allows more calls than the real
// one, since one process after another asks it.
type Base struct {
	t      testing.TB
	Sim    *airtablesim.Server
	Server *httptest.Server
	ID     string
	Store  string // a folder for the snapshots of this base
}

// Records is how many records a Base has that is made without data: less than a page, since a
// refresh waits for Airtable's pace between two pages.
const Records = 90

// NewBase serves data, or the last Records of the emulator's sample, which
// are from the last twelve months, if that is nil.
func NewBase(t testing.TB, data *airtablesim.Base) *Base {
	t.Helper()
	sample := data == nil
	if sample {
		data = airtablesim.Sample(time.Now())
	}
	sim := airtablesim.New(data, airtablesim.Config{Rate: -1})
	if sample {
		all := sim.Records()
		for _, r := range all[:len(all)-Records] {
			sim.Delete(r.ID)
		}
	}
	server := httptest.NewServer(sim)
	t.Cleanup(func() {
		server.CloseClientConnections() // a test may hold an answer back
		server.Close()
	})
	return &Base{t, sim, server, data.ID(), t.TempDir()}
}

// Variables point a server to the base and its store, with AdminToken, and more.
func (b *Base) Variables(more ...string) []string {
	return append([]string{
		"AIRTABLE_API_URL=" + b.Server.URL, "AIRTABLE_BASE_ID=" + b.ID,
		"AIRTABLE_API_KEY=" + airtablesim.DemoToken, "ADMIN_TOKENS=" + AdminToken,
		"SNAPSHOT_STORE=file://" + b.Store,
	}, more...)
}

// Call is one of Airtable's own calls on the table's records.
func (b *Base) Call(method, path, body string) string {
	b.t.Helper()
	url := fmt.Sprintf("%s/v0/%s/Lead%%20Bugs%s", b.Server.URL, b.ID, path)
	return Send(b.t, method, url, airtablesim.DemoToken, body)
}
