package httpapi_test

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"voc/internal/feedback"
)

// hostile are texts that could break a spreadsheet, a parser or a shell.
var hostile = append(formulas, []string{
	"a,b", `say "no"`, "one\ntwo",
	"one\r\ntwo", "one\rtwo", " padded ", "'quoted", "日本語 🙂", "<script>", "a\u2028b", "plain", `"`,
	`""`, ",", "a\x00b", "\x00", "x=1", "−1", "。=1", "a\t", "1+1",
}...)

// formulas are texts that a spreadsheet could take for formulas.
var formulas = []string{
	"=SUM(A1:A9)", "+1", "-1", "@import", "\tindented", "\rreturned", "\n=1+1", "\nplain", "\r\nplain",
	"＝1+1", "＋1", "－1", "＠import", " =1+1", "\u3000＝1", "\u00a0-1", "\u200b=1", " \tindented",
	"\x00=1", "=\"a\",\r\n",
}

// withStatuses seals a snapshot whose statuses are texts, in order.
func withStatuses(t *testing.T, texts []string) fixture {
	t.Helper()
	var all []feedback.Record
	for i, text := range texts {
		all = append(all, feedback.Record{
			ID: "rec" + string(rune('a'+i)), CreatedTime: noon.AddDate(0, 0, -i), Fields: raw(map[string]any{
				"Status": text, "Issue": -4.5,
			}),
		})
	}
	return seal(t.Name(), all)
}

func TestCSVCells(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.publish(withStatuses(t, hostile), fullRun())
	a := s.get("/api/feedback/?format=csv")
	a.is(t, 200)
	if lines := strings.Split(
		a.body, "\r\n",
	); lines[0] != "\ufeffid,description,priority,team,environment,area_impacted,created,week,"+
		"issue_number,status,reporter_email,slack_thread,type_of_issue,type_of_report,source,"+
		"triage_rep" ||
		!strings.HasSuffix(a.body, "\r\n") {
		t.Errorf("%.300q", a.body)
	}
	// encoding/csv replaces "\r\n" inside cells by "\n" (RFC 4180 does not), so the texts need it too.
	var got []string
	for _, row := range must(csv.NewReader(strings.NewReader(a.body)).ReadAll())[1:] {
		if len(row) != 16 || row[8] != "'-4.5" {
			t.Errorf("%q", row)
		}
		got = append(got, row[9])
	}
	var want []string
	for _, text := range hostile {
		want = append(want, strings.ReplaceAll(text, "\r\n", "\n"))
	}
	for i, text := range formulas {
		want[i] = "'" + strings.ReplaceAll(text, "\r\n", "\n")
	}
	for i, text := range want {
		want[i] = strings.ReplaceAll(text, "\x00", "")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-status +cell):\n%s", diff)
	}
	for _, whole := range []string{
		",\"one\r\ntwo\",", ",\"one\rtwo\",", ",\"one\ntwo\",", `,"say ""no""",`, `,"'=""a"",`,
		",'=SUM(A1:A9),", ",日本語 🙂,", ", padded ,", ",'\tindented,", ",\"'\rreturned\",",
	} {
		if !strings.Contains(a.body, whole) {
			t.Errorf("no %q", whole)
		}
	}
}

func TestCSVMatchesList(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.publish(some(t), fullRun())
	for _, query := range []string{
		"", "priority=high&sort=-issue_number", "q=credit&limit=20", "team=nobody",
	} {
		var rows []map[string]any
		list := s.get("/api/feedback/?" + query)
		list.decode(t, &rows)
		a := s.get("/api/feedback/?"+query, "Accept", "text/csv")
		a.is(t, 200)
		a.has(t, "X-Total-Count", list.Header.Get("X-Total-Count"), "Link", list.Header.Get("Link"))
		table := must(csv.NewReader(strings.NewReader(a.body)).ReadAll())
		if table[0][0] != "\ufeffid" {
			t.Errorf("%q begins without a byte order mark", table[0])
		}
		table[0][0] = "id"
		if len(table) != len(rows)+1 {
			t.Fatalf("%s: %d rows, the list has %d", query, len(table)-1, len(rows))
		}
		for i, row := range rows {
			for column, key := range table[0] {
				if got, want := table[i+1][column], cell(row[key]); got != want {
					t.Errorf("%s, row %d, %s: %.100q, want %.100q", query, i, key, got, want)
				}
			}
		}
	}
}

// cell returns a value of the list as encoding/csv would read it.
func cell(value any) string {
	text, isText := value.(string)
	if !isText && value != nil {
		text = string(must(json.Marshal(value)))
	}
	if text != "" && strings.ContainsAny(text[:1], "=+-@\t\r") {
		text = "'" + text
	}
	return strings.ReplaceAll(text, "\r\n", "\n")
}

func TestCSVWithoutRows(t *testing.T) {
	t.Parallel()
	s := serving(t)
	if a := s.get("/api/feedback/?team=nobody&format=csv"); strings.Count(a.body, "\n") != 1 ||
		!strings.HasPrefix(a.body, "\ufeffid,description,") {
		t.Errorf("%q", a.body)
	}
}

// TestCSVPath compares the path of CSV with the list in that format.
func TestCSVPath(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for _, query := range []string{"", "team=beta", "limit=2&sort=priority", "q=first&fields=id," +
		"team"} {
		want := s.get("/api/feedback/?format=csv&" + query)
		for _, path := range []string{"/api/feedback.csv?", "/api/feedback.csv/?"} {
			a := s.get(path+query, "Accept", "application/json")
			if a.is(t, 200); a.body != want.body {
				t.Errorf("%s%s: %.200q, want %.200q", path, query, a.body, want.body)
			}
			for _, name := range []string{
				"Content-Type", "Content-Disposition", "X-Total-Count", "X-Next-Cursor", "X-Snapshot",
			} {
				a.has(t, name, want.Header.Get(name))
			}
			s.get(path+query, "If-None-Match", a.Header.Get("ETag")).is(t, 304)
		}
	}
	next := s.get("/api/feedback.csv?limit=2").nextPage(t)
	if !strings.HasPrefix(next, "/api/feedback.csv?") || strings.Contains(next, "format") {
		t.Errorf("the next page is %s", next)
	}
	if a := s.get(next); !strings.HasPrefix(a.body, "\ufeffid,") ||
		strings.Count(a.body, "\r\n") != 3 {
		t.Errorf("%q", a.body)
	}
	s.get("/api/feedback.csv?format=json").is(t, 400)
	s.ask("POST", "/api/feedback.csv").has(t, "Allow", "GET, HEAD, OPTIONS")
}
