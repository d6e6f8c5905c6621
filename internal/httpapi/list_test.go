package httpapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"voc/internal/feedback"
)

// listed returns the ids that a query finds, and the response.
func (s *service) listed(query string, headers ...string) ([]string, answer) {
	s.t.Helper()
	a := s.get("/api/feedback/?"+query, headers...)
	ids := []string{}
	for _, row := range a.list(s.t) {
		ids = append(ids, row.ID)
	}
	return ids, a
}

// parameterRows has values of each parameter with the records that they find among the few: their
// numbers, "*" for all, "-1" for all but 1, "400" for a problem that names the parameter.
var parameterRows = map[string]map[string]string{
	"status":        {"new": "*", "NEW": "*", "Done": "", "": ""},
	"source":        {"n%2Fa": "*", "N/A": "*", "Web": ""},
	"area":          {"billing": "*", "Billing": "*", "Unknown": "", "Bill": ""},
	"type_of_issue": {"": "*", "Billing": ""},
	"created_from": {
		"2026-11-23":           "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25",
		"2026-11-23T12:00:00Z": "0 1", "2026-11-23t12:00:00z": "0 1", "2026-11-23T12:00:00.001Z": "",
		"2026-11-23T13:00:00%2B01:00": "0 1", "2026-11-23T07:00:00-05:00": "0 1", "2027-01-01": "",
		"0001-01-01": "*", "9999-12-31T23:59:59Z": "", "1999-02-30": "400",
		"2026-11-23T13:00:00+01:00": "400", "2026-11-23T12:00": "400", "23.11.2026": "400",
		"yesterday": "400", "": "400", "2026-11-23T12:00:00": "400", "2026": "400", "12026-01-01": "400",
		"2026-11-23%00": "400", "1764072000": "400",
	},
	"created_to": {
		"2026-11-23T12:00:00.001Z": "*", "2026-11-22T14:00:00Z": "46 47", "2026-11-22": "",
		"2026-11-23T12:00:00.0001Z": "*", "0001-01-01": "", "9999-12-31": "*", "now": "400", "": "400",
	},
	"q": {
		"first": "-1", "FIRST": "-1", "short": "1", "日本語": "-1", "first+short": "", "nowhere": "",
		"sho*": "1", "sho": "", `"more+first"`: "-1", `"first+more"`: "", "b": "-1", "billing+short": "1",
		"": "400", "*": "400", "%22%22": "400", "%F0%9F%99%82": "400", "%00": "400", "'": "400",
		"a'b": "", "%22": "400", "short%00": "400", "short)": "1", "NOT+short": "", "short+OR+first": "",
		"description:short": "",
		"^short":            "1", "short+NEAR+first": "", "-short": "1", "%25": "400", "short%25": "1",
		strings.Repeat("a+", 65): "", numbered(65): "400", strings.Repeat("字", 257): "400",
		strings.Repeat("first+", 63) + "more": "-1",
		strings.Repeat("fi*", 64):             "-1", strings.Repeat("x", 7<<10): "",
	},
	"sort": {
		"created": "*", "-created": "*", "modified": "*", "-modified": "*", "priority": "*",
		"-priority": "*", "status": "*", "-environment": "*", "area_impacted": "*", "issue_number": "*",
		"relevance": "400", "": "400", "Created": "400", "--created": "400", "+created": "400",
		"-": "400", "team": "400", "created;": "400", "created,status": "400", "-relevance": "400",
		"id": "400",
	},
	"format": {"json": "*", "": "400", "JSON": "400", "xml": "400", "csv%00": "400"},
	"limit": {
		"48":         "*",
		"1000":       "*",
		"0":          "400",
		"1001":       "400",
		"-1":         "400",
		"1e9":        "400",
		"":           "400",
		"1000000000": "400",
	},
}

func TestListParameters(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for name, rows := range parameterRows {
		for value, want := range rows {
			query := name + "=" + strings.ReplaceAll(value, ";", "%3B")
			if want == "400" {
				a := s.get("/api/feedback/?" + query)
				a.is(t, 400)
				p := a.problem(t)
				if len(p.Errors) != 1 || p.Errors[0].Parameter != name || p.Errors[0].Detail == "" {
					t.Errorf("%.60s: %s", query, a.body)
				}
				continue
			}
			got, a := s.listed(query)
			slices.Sort(got)
			if !slices.Equal(got, meant(want)) {
				t.Errorf("%.60s finds %v, want %v", query, got, want)
			}
			a.has(t, "X-Total-Count", strconv.Itoa(len(meant(want))))
		}
	}
}

// meant returns the ids of a row of the table.
func meant(short string) []string {
	ids := []string{}
	left, isAll := strings.CutPrefix(short, "-")
	for i := range 48 {
		if name := strconv.Itoa(i); short == "*" || isAll && left != name ||
			!isAll && slices.Contains(strings.Fields(short), name) {
			ids = append(ids, fmt.Sprintf("rec%014d", i))
		}
	}
	return ids
}

func TestRepeatedSingleParameters(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for _, name := range []string{
		"created_from", "created_to", "q", "sort", "limit", "cursor", "format",
	} {
		for _, value := range []string{"", "2026-01-01"} {
			a := s.get(fmt.Sprintf("/api/feedback/?%s=%s&%s=%s", name, value, name, value))
			a.is(t, 400)
			if p := a.problem(t); len(p.Errors) != 1 || p.Errors[0].Parameter != name ||
				!strings.Contains(p.Errors[0].Detail, "once") {
				t.Errorf("%s: %s", name, a.body)
			}
		}
	}
}

func TestConflictingParameters(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for query, parameter := range map[string]string{
		"created_from=2026-02-01&created_to=2026-01-01":                            "created_to",
		"created_from=2026-02-01T00:00:00.001Z&created_to=2026-02-01":              "created_to",
		"created_from=2026-02-01T00:00:00Z&created_to=2026-02-01T00:59:00%2B01:00": "created_to",
		"sort=relevance":            "sort",
		"sort=relevance&team=alpha": "sort",
		"cursor=abc":                "cursor",
		"cursor=abc&limit=5":        "cursor",
		"cursor=&limit=5":           "cursor",
		"cursor=%00&limit=5":        "cursor",
		"cursor=" + strings.Repeat("QUFB", 1<<10) + "&limit=5": "cursor",
	} {
		a := s.get("/api/feedback/?" + query)
		a.is(t, 400)
		if p := a.problem(t); len(p.Errors) != 1 || p.Errors[0].Parameter != parameter {
			t.Errorf("%.60s: %s", query, a.body)
		}
	}
	if got, _ := s.listed("created_from=2026-02-01&created_to=2026-02-01"); len(got) != 0 {
		t.Errorf("an interval without length finds %v", got)
	}
}

// TestListOfSample compares with a linear scan.
func TestListOfSample(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.publish(some(t), fullRun())
	all := mapped(sampleRecords(t))
	for query, matches := range map[string]func(feedback.Feedback) bool{
		"status=done&source=web": func(f feedback.Feedback) bool {
			return f.Status == "Done" && f.Source == "Web"
		},
		"area=mortgage": func(f feedback.Feedback) bool {
			return slices.Contains(f.Areas, "Mortgage")
		},
		"area=unknown&priority=low": func(f feedback.Feedback) bool {
			return len(f.Areas) == 0 && f.Priority == "Low"
		},
		"type_of_issue=getting+the+loan": func(f feedback.Feedback) bool {
			return f.TypeOfIssue == "Getting the loan"
		},
		"created_from=2025-03-01&created_to=2025-04-01&team=Triage": func(f feedback.Feedback) bool {
			return strings.HasPrefix(f.Created.Format("2006-01-02"), "2025-03") && f.Team == "Triage"
		},
		"q=escrow": func(f feedback.Feedback) bool { return hasWord(f, "escrow") },
		"q=CREDIT&environment=CW+2.0": func(f feedback.Feedback) bool {
			return hasWord(f, "credit") && f.Environment == "CW 2.0"
		},
	} {
		var want []string
		for _, f := range all {
			if matches(f) {
				want = append(want, f.ID)
			}
		}
		if got, a := s.listed(query); !slices.Equal(got, want) || len(want) == 0 ||
			a.Header.Get("X-Total-Count") != strconv.Itoa(len(want)) {
			t.Errorf("%s finds %d, want %d", query, len(got), len(want))
		}
	}
	byIssue := slices.SortedFunc(
		slices.Values(all),
		func(a, b feedback.Feedback) int { return int(*a.IssueNumber - *b.IssueNumber) },
	)
	got, _ := s.listed("sort=issue_number&limit=3")
	if !slices.Equal(got, []string{byIssue[0].ID, byIssue[1].ID, byIssue[2].ID}) {
		t.Errorf("by issue: %v", got)
	}
}

func hasWord(f feedback.Feedback, word string) bool {
	for _, text := range []string{
		f.Description, f.Notes, f.ResolutionNotes, f.AreaImpacted, f.TypeOfIssue,
	} {
		if slices.Contains(
			strings.FieldsFunc(
				strings.ToLower(text),
				func(r rune) bool { return !('a' <= r && r <= 'z' || '0' <= r && r <= '9') },
			),
			word,
		) {
			return true
		}
	}
	return false
}

func TestFormatNegotiation(t *testing.T) {
	t.Parallel()
	s := serving(t)
	const csv, json = "text/csv; charset=utf-8; header=present", "application/json"
	for accept, want := range map[string]string{
		"": json, "*/*": json, "application/json": json, "text/csv": csv, "TEXT/CSV": csv,
		"text/csv, application/json": json, "text/csv, */*;q=0.1": csv, "text/*": csv,
		"text/csv;q=0.5, application/json;q=0.4": csv, "text/csv;q=0.4, application/json;q=0.5": json,
		"text/html, */*;q=0.8": json, "text/csv;q=0, */*": json, "text/csv;header=present": csv,
		"application/xml": json, "text/csv;q=x": json, ",;,": json,
		"text/csv;header=present;q=0.2, application/*;q=0.3": json,
	} {
		s.get("/api/feedback/?limit=2", "Accept", accept).
			has(t, "Content-Type", want, "Vary", "Origin, Accept, Accept-Encoding")
		s.get("/api/feedback/?limit=2&format=json", "Accept", accept).has(t, "Content-Type", json)
		s.get("/api/feedback/?limit=2&format=csv", "Accept", accept).
			has(t, "Content-Type", csv, "Content-Disposition", `attachment; filename="feedback.csv"`)
	}
	tag := s.tag("/api/feedback/?limit=2")
	if other := s.tag("/api/feedback/?limit=2", "Accept", "text/csv"); other == tag {
		t.Error("two forms of a list have one ETag")
	}
	s.get("/api/feedback/?limit=2", "Accept", "text/csv", "If-None-Match", tag).is(t, http.StatusOK)
	s.get("/api/feedback/?limit=2", "If-None-Match", tag).has(t, "Content-Disposition", "")
}

func mapped(records []feedback.Record) (all []feedback.Feedback) {
	for _, r := range records {
		all = append(all, mapping().Map(r))
	}
	slices.SortFunc(all, newest)
	return all
}

// nextPage returns the target of Link, "" on the last page.
func (a answer) nextPage(t testing.TB) string {
	t.Helper()
	link := a.Header.Get("Link")
	if link == "" {
		return ""
	}
	target, ok := strings.CutPrefix(link, "<")
	target, rel, found := strings.Cut(target, ">")
	if _, err := url.Parse(target); !ok || !found || rel != `; rel="next"` || err != nil ||
		!strings.HasPrefix(target, "/api/feedback") {
		t.Fatalf("Link: %s", link)
	}
	return target
}

// numbered is a search for n terms.
func numbered(n int) string {
	var q strings.Builder
	for i := range n {
		fmt.Fprintf(&q, "w%d+", i)
	}
	return q.String()
}
