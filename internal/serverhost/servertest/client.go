package servertest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"voc/internal/airtablesim"
)

// AdminToken is the admin token in [Base.Variables].
const AdminToken = "b7d1f0c4e2a95836"

// Request is a request as a client sends it.
type Request struct {
	Method, URL string
	Token       string // "" for none
	Body        string // JSON
}

// Send sends a request and returns the response's body. A status of 300 or more fails the test.
func Send(t testing.TB, r Request) string {
	t.Helper()
	request, err := http.NewRequestWithContext(
		t.Context(), r.Method, r.URL, strings.NewReader(r.Body))
	if err != nil {
		t.Fatal(err)
	}
	if r.Token != "" {
		request.Header.Set("Authorization", "Bearer "+r.Token)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %s %v", r.Method, r.URL, response.Status, text, err)
	}
	return string(text)
}

// Get sends a GET without a token.
func Get(t testing.TB, url string) string {
	t.Helper()
	return Send(t, Request{Method: http.MethodGet, URL: url})
}

// Parse decodes JSON.
func Parse[T any](t testing.TB, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	return v
}

// Item is a served record, with the keys that the tests read.
type Item struct{ ID, Description string }

// List returns the served records by id.
func List(t testing.TB, url string) map[string]Item {
	t.Helper()
	all := map[string]Item{}
	for _, item := range Parse[[]Item](t, Get(t, url+"/api/feedback/")) {
		all[item.ID] = item
	}
	return all
}

// Receipt is the receipt of a run, with the keys that the tests read.
type Receipt struct {
	ID, Mode, Trigger, Outcome, Error string
	Added, Changed, Removed           int
}

// StartRefresh starts a refresh through the API and returns the id of the run.
func (s *Server) StartRefresh(mode, body string) string {
	s.t.Helper()
	started := Parse[struct {
		RunID string `json:"run_id"`
	}](s.t, Send(s.t, Request{
		Method: http.MethodPost, URL: s.URL() + "/api/cache/update-" + mode,
		Token: AdminToken, Body: body,
	}))
	return started.RunID
}

// Refresh starts a refresh, waits until the run has ended, and returns its receipt.
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

// Base is an Airtable base that outlives the servers which read it. It has no rate limit, because
// the processes of a test do not share a pacer.
type Base struct {
	t      testing.TB
	Sim    *airtablesim.Server
	Server *httptest.Server
	ID     string
	Store  string // the directory for the snapshots of this base
}

// Records is the number of records in a Base of the sample: less than a page, because a refresh
// keeps to Airtable's pace between two pages.
const Records = 90

// NewBase serves data, or if that is nil the last Records of the emulator's sample, which are of
// the last twelve months.
func NewBase(t testing.TB, data *airtablesim.Base) *Base {
	t.Helper()
	return NewBaseAt(t, data, time.Now)
}

// NewBaseAt is NewBase with a clock.
func NewBaseAt(t testing.TB, data *airtablesim.Base, now func() time.Time) *Base {
	t.Helper()
	sample := data == nil
	if sample {
		data = airtablesim.Sample(now())
	}
	sim := airtablesim.New(data, airtablesim.Config{Rate: -1, Clock: now})
	if sample {
		all := sim.Records()
		for _, r := range all[:len(all)-Records] {
			sim.Delete(r.ID)
		}
	}
	server := httptest.NewServer(sim.WithControl())
	t.Cleanup(func() {
		server.CloseClientConnections() // a test may delay a response
		server.Close()
	})
	return &Base{t, sim, server, data.ID(), t.TempDir()}
}

// Variables returns the variables of a server for the base and its store, and more.
func (b *Base) Variables(more ...string) []string {
	return append([]string{
		"AIRTABLE_API_URL=" + b.Server.URL, "AIRTABLE_BASE_ID=" + b.ID,
		"AIRTABLE_API_KEY=" + airtablesim.DemoToken, "ADMIN_TOKENS=" + AdminToken,
		"SNAPSHOT_STORE=file://" + b.Store,
	}, more...)
}

// Create creates a record with fields, a JSON object, and returns the response.
func (b *Base) Create(fields string) string {
	b.t.Helper()
	return b.call(Request{Method: http.MethodPost, Body: `{"fields":` + fields + `}`})
}

// Edit changes fields, a JSON object, of a record.
func (b *Base) Edit(id, fields string) {
	b.t.Helper()
	b.call(Request{Method: http.MethodPatch, URL: "/" + id, Body: `{"fields":` + fields + `}`})
}

// Delete deletes a record.
func (b *Base) Delete(id string) {
	b.t.Helper()
	b.call(Request{Method: http.MethodDelete, URL: "/" + id})
}

// Fail runs a command of the emulator's control path, with parameters in the form of a query.
func (b *Base) Fail(command, parameters string) {
	b.t.Helper()
	target := b.Server.URL + airtablesim.ControlPath + "/" + command + "?" + parameters
	Send(b.t, Request{Method: http.MethodPost, URL: target})
}

// call makes a call of the Airtable Web API; the URL of r follows that of the table.
func (b *Base) call(r Request) string {
	b.t.Helper()
	r.URL, r.Token = b.Server.URL+"/v0/"+b.ID+"/Lead%20Bugs"+r.URL, airtablesim.DemoToken
	return Send(b.t, r)
}
