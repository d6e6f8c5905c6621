package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/feedback"
	"voc/internal/httpapi"
)

// TestScripts plays the conversations of testdata/scripts. A line with > is sent, and the
// response follows; # is a comment for the reader, and % configures the service. `go test
// -update` writes the responses.
func TestScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/scripts/*.http")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".http"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			played := play(t, string(text))
			if *update {
				if err := os.WriteFile(file, []byte(played), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(text), played); diff != "" {
				t.Errorf("%s (-script +responses):\n%s", file, diff)
			}
		})
	}
}

func TestScriptsCoverEveryRoute(t *testing.T) {
	t.Parallel()
	var asked []string
	files, _ := filepath.Glob("testdata/scripts/*.http") // the pattern is well-formed
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range regexp.MustCompile(`(?m)^> ([A-Z]+ /[^?\n]*)`).FindAllStringSubmatch(
			string(text), -1,
		) {
			asked = append(asked, strings.TrimSuffix(line[1], "/"))
		}
	}
	for _, r := range newService(t).Routes() {
		prefix, _, isPattern := strings.Cut(r.Method+" "+strings.TrimSuffix(r.Path, "/"), "{")
		if !slices.ContainsFunc(
			asked,
			func(line string) bool { return line == prefix || isPattern && strings.HasPrefix(line, prefix) },
		) {
			t.Errorf("no script requests %s %s", r.Method, r.Path)
		}
	}
}

// play sends the requests of a script, and returns the script with the responses.
func play(t *testing.T, script string) string {
	var out []string
	s := kind(t, nil)
	for _, block := range blocks(script) {
		switch block[0][0] {
		case '%':
			s = kind(t, strings.Fields(block[0])[1:])
			out = append(out, block[0])
		case '#':
			out = append(out, strings.Join(block, "\n"))
		case '>':
			out = append(out, strings.Join(block, "\n"), s.exchange(block))
		}
	}
	return strings.Join(out, "\n\n") + "\n"
}

// blocks groups adjacent lines of the same kind.
func blocks(script string) (all [][]string) {
	before := byte(' ')
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, "\n")
		sort := (line + " ")[0]
		if strings.IndexByte("%#>", sort) < 0 {
			sort = ' ' // an answer's, which will be written anew
		}
		if sort != before && sort != ' ' {
			all = append(all, nil)
		}
		if before = sort; sort != ' ' {
			all[len(all)-1] = append(all[len(all)-1], line)
		}
	}
	return all
}

// kind returns the service that a script names. It has a few records unless it is empty.
func kind(t *testing.T, words []string) *service {
	t.Helper()
	var options []func(*httpapi.Config)
	empty := false
	for _, word := range words {
		switch word {
		case "tokens":
			options = append(options, tokens)
		case "users":
			options = append(options, staff)
		case "origins":
			options = append(options, origins(page))
		case "empty":
			empty = true
		default:
			t.Fatalf("no service is %q", word)
		}
	}
	s := newService(t, options...)
	if !empty {
		s.publish(told(), fullRun())
	}
	return s
}

// exchange sends a request and returns the response as text, without headers that are on every
// response or differ each time.
func (s *service) exchange(lines []string) string {
	s.t.Helper()
	head, body, _ := strings.Cut(strings.ReplaceAll(strings.Join(lines, "\n")+"\n", "> ", ""), ">\n")
	first, headers, _ := strings.Cut(head, "\n")
	method, target, _ := strings.Cut(first, " ")
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for line := range strings.Lines(headers) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		r.Header.Add(name, value)
	}
	a := s.send(r)
	var out strings.Builder
	fmt.Fprintf(&out, "< %d %s\n", a.StatusCode, http.StatusText(a.StatusCode))
	for _, name := range slices.Sorted(maps.Keys(a.Header)) {
		if !slices.Contains(
			[]string{"Content-Length", "Vary", "X-Content-Type-Options", "X-Request-Id", "X-Robots-Tag"},
			name,
		) {
			fmt.Fprintf(&out, "< %s: %s\n", name, strings.Join(a.Header[name], ", "))
		}
	}
	if a.body != "" {
		body := pretty(a.Header.Get("Content-Type"), a.body)
		if strings.IndexByte("%#>", body[0]) >= 0 {
			body = " " + body // not a line of the script
		}
		fmt.Fprintf(&out, "\n%s", body)
	}
	return strings.TrimSpace(settle(out.String()))
}

// settle replaces what depends on the versions of SQLite and of the document.
func settle(text string) string {
	for pattern, stands := range map[string]string{
		`W/"[0-9a-f]{24}"`:         `W/"…"`,
		`(-\w{5}-)[0-9a-f]{12}`:    `${1}0123456789ab`,
		`"sha256": "[0-9a-f]{64}"`: `"sha256": "…"`,
		`"bytes": [1-9]\d*`:        `"bytes": 40960`,
		`cursor=[\w-]+`:            `cursor=…`,
		`X-Next-Cursor: [\w-]+`:    `X-Next-Cursor: …`,
	} {
		text = regexp.MustCompile(pattern).ReplaceAllString(text, stands)
	}
	return text
}

// pretty indents a JSON body.
func pretty(contentType, body string) string {
	if strings.HasPrefix(contentType, "text/html") || len(body) > 20_000 {
		return "…"
	}
	var indented bytes.Buffer
	if !strings.HasSuffix(contentType, "json") ||
		json.Indent(&indented, []byte(body), "", "  ") != nil {
		return body
	}
	return indented.String()
}

// told are records as customers could have written them.
var told = sync.OnceValue(func() fixture {
	records := []map[string]any{
		{
			"Initial Description": "The proposal as a PDF mixes up two customers.",
			"Priority":            1,
			"Team Routed":         "Documents",
			"Environment":         "CW 2.0",
			"Area Impacted":       []string{"Reports", "Permissions"},
			"Status":              "In Progress",
			"Issue":               1525,
			"User Profile Email":  "ann@example.com",
			"Type of Issue":       "Bug",
			"Source":              "Chat",
			"Triage Rep":          map[string]any{"name": "Tom"},
			"Time to In Progress": 3.5,
			"Last Modified Time":  "2026-11-23T09:00:00.000Z",
		},
		{
			"Initial Description":            "N/A",
			"Notes":                          "The café's name lost its accent on the way.",
			"Priority":                       "2",
			"CW 2.0 Bug":                     true,
			"Area Impacted":                  "Billing",
			"Issue":                          "1524",
			"Type of Issue":                  "Bug",
			"Source":                         "Mail",
			"Status":                         "Done",
			"Resolution Notes":               "Fixed by the import of Tuesday.",
			"Time to In Progress":            1,
			"Time from In Progress to Done":  20.25,
			"Time From Report to Resolution": 21.25,
		},
		{
			"Initial Description": "How do I invite a colleague?",
			"Issue":               1523,
			"Type of Issue":       "Question",
			"Source":              "Chat",
		},
	}
	var all []feedback.Record
	for i, fields := range records {
		fields["Created"] = noon.AddDate(0, 0, -4*i).Add(-2 * time.Hour)
		all = append(
			all,
			feedback.Record{ID: fmt.Sprintf("recTold%010d", 3-i), CreatedTime: noon, Fields: raw(fields)},
		)
	}
	return seal("told", all)
})
