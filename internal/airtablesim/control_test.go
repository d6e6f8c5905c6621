package airtablesim_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/airtablesim"
)

// controlled is an emulator over a real connection, since the control path checks the peer.
type controlled struct {
	*airtablesim.Server
	t   *testing.T
	url string
}

func startControlled(t *testing.T) controlled {
	t.Helper()
	sim := airtablesim.New(sampleBase(), airtablesim.Config{Rate: -1})
	server := httptest.NewServer(sim.WithControl())
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return controlled{sim, t, server.URL}
}

// order runs a command of the control path and returns the status and the response.
func (c controlled) order(name string, form ...string) (status int, body string) {
	c.t.Helper()
	values := url.Values{}
	for i := 0; i < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	response, err := http.PostForm(c.url+airtablesim.ControlPath+"/"+name, values)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// list requests a page of the table and returns its status; 0 if the response is not
// complete within a short time.
func (c controlled) list() (status int, body string) {
	c.t.Helper()
	target := c.url + "/v0/" + c.Base().ID() + "/Lead%20Bugs?pageSize=100"
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, target, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+airtablesim.DemoToken)
	response, err := (&http.Client{Timeout: time.Second}).Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(text)
}

func TestControlCommands(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		command string
		form    []string
		status  int // of a listing afterwards; 0 for none that is complete
		has     string
		lacks   string
	}{
		"Airtable down": {"down", nil, 503, "RETRIABLE_ERROR", ""},
		"reset":         {"reset", nil, 0, "", ""},
		"token refused": {"refuse-token", nil, 401, "UNAUTHORIZED", ""},
		"rate limit":    {"rate-limit", nil, 429, "RATE_LIMIT_REACHED", ""},
		"billing limit": {"billing-limit", nil, 429, "BILLING_LIMIT", ""},
		"stall":         {"stall", nil, 0, "", ""},
		"cut":           {"cut", nil, 0, "EOF", ""},
		"field renamed": {
			"rename-field", []string{"field", "Status", "to", "State"}, 200, `"State":"`, `"Status"`,
		},
		"field removed": {
			"drop-field", []string{"field", "Team Routed"}, 200, `"Status":"`, `"Team Routed"`,
		},
		"field blanked": {
			"blank-field", []string{"field", "Status"}, 200, `"Team Routed":"`, `"Status"`,
		},
		"half is deleted": {"delete-half", nil, 200, `"Status":"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := startControlled(t)
			before := c.cells()
			if status, text := c.order(test.command, test.form...); status != 200 {
				t.Fatalf("%d %s", status, text)
			}
			for range 2 {
				status, body := c.list()
				if status != test.status || !strings.Contains(body, test.has) ||
					test.lacks != "" && strings.Contains(body, test.lacks) {
					t.Errorf("%d %.300s", status, body)
				}
			}
			if n := len(c.Records()); test.command == "delete-half" && n != 300 {
				t.Errorf("%d records are left", n)
			}
			if status, text := c.order("undo"); status != 200 {
				t.Fatalf("undo: %d %s", status, text)
			}
			if status, _ := c.list(); status != 200 {
				t.Errorf("after undo: %d", status)
			}
			if diff := cmp.Diff(before, c.cells()); diff != "" {
				t.Errorf("after undo (-before +after):\n%s", diff)
			}
		})
	}
}

// cells returns all records without their modified times, since an undo is an edit.
func (c controlled) cells() []airtablesim.Record {
	records := c.Records()
	for _, r := range records {
		delete(r.Fields, "Last Modified Time")
	}
	return records
}

func TestControlRejects(t *testing.T) {
	t.Parallel()
	c := startControlled(t)
	if status, text := c.order("sing"); status != 404 || !strings.Contains(text, "GET /control") {
		t.Errorf("an unknown command: %d %s", status, text)
	}
	if status, text := c.order("drop-field", "field", "Colour"); status != 400 ||
		!strings.Contains(text, "Status") {
		t.Errorf("an unknown field: %d %s", status, text)
	}
	if status, _ := c.order("rename-field", "field", "Status", "to", "Notes"); status != 400 {
		t.Errorf("a name that is taken: %d", status)
	}
	if status, _ := c.order("blank-field", "field", "Last Modified Time"); status != 400 {
		t.Errorf("a computed field: %d", status)
	}
	for name, change := range map[string]func(*http.Request){
		"page of another site": func(r *http.Request) { r.Header.Set("Origin", "https://example.com") },
		"name that is rebound": func(r *http.Request) { r.Host = "example.com" },
		"other machine":        func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1234" },
		"no address":           func(r *http.Request) { r.RemoteAddr = "" },
	} {
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:1/control/delete-half", nil)
		r.RemoteAddr = "127.0.0.1:1234"
		change(r)
		w := httptest.NewRecorder()
		c.WithControl().ServeHTTP(w, r)
		if w.Code != http.StatusForbidden || len(c.Records()) != 600 {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}

// TestControlUsage holds that the lines of GET /control can be pasted as they are.
func TestControlUsage(t *testing.T) {
	t.Parallel()
	c := startControlled(t)
	response, err := http.Get(c.url + airtablesim.ControlPath)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] != "curl" {
			continue
		}
		commands++
		var form []string
		for _, word := range words[1 : len(words)-1] {
			if key, value, ok := strings.Cut(word, "="); ok {
				form = append(form, key, value)
			}
		}
		target, name := words[len(words)-1], ""
		if rest, ok := strings.CutPrefix(target, c.url+airtablesim.ControlPath+"/"); ok {
			name = rest
		}
		if status, answer := c.order(name, form...); name == "" || status != 200 {
			t.Errorf("%s: %d %s", line, status, answer)
		}
		if status, answer := c.order("undo"); status != 200 {
			t.Errorf("undo after %s: %d %s", line, status, answer)
		}
	}
	if commands != 12 {
		t.Errorf("%d commands in:\n%s", commands, text)
	}
}
