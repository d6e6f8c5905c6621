package httpapi_test

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"voc/internal/feedback"
)

// is reports whether a value is one of those wanted, without case. No filter matches everything.
func is(value string, wanted []string) bool {
	return len(wanted) == 0 ||
		slices.ContainsFunc(wanted, func(w string) bool {
			return feedback.Fold(value) == feedback.Fold(w)
		})
}

func TestFilters(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for _, query := range []string{
		"team=Alpha", "team=ALPHA", "team=alpha&team=BETA", "team=beta&team=beta", "team=%C3%B6KOTEAM",
		"team=Alpha,%20Beta%20%26%20Co", "team=Alpha,beta", "team=Alph", "team=%20Alpha%20",
		"team=Money", "team=Triage", "team=", "team", "team=&team=Alpha", "team=nobody", "team=%25",
		"team=*", "team='%20OR%201=1--",
		"priority=high", "priority=1", "priority=Urgent&priority=low", "environment=cw%202.0",
		"environment=cw+2.0", "environment=kiosk&environment=CW%201.0",
		"team=alpha&priority=high", "team=alpha&team=beta&priority=high&environment=kiosk",
		"team=alpha&priority=nobody",
		"team=alpha&team=beta&team=%C3%96koteam&team=Money&team=Alpha,%20Beta%20%26%20Co",
		"t=1&team=alpha&_=2",
		strings.Repeat("team=nobody&", 650) + "team=beta",
	} {
		wanted := must(url.ParseQuery(query))
		want, total := naive(records(48, "first"), func(f feedback.Feedback) bool {
			return is(f.Team, wanted["team"]) && is(f.Priority, wanted["priority"]) &&
				is(f.Environment, wanted["environment"])
		})
		a := s.get("/api/feedback/?" + query)
		if a.is(t, 200); a.body != string(want) {
			t.Errorf("%.80s: %.200s, want %.200s", query, a.body, want)
		}
		a.has(t, "X-Total-Count", strconv.Itoa(total))
	}
}

func TestFilterWithoutMatches(t *testing.T) {
	t.Parallel()
	s := serving(t)
	a := s.get("/api/feedback/?team=nobody&limit=5")
	if a.is(t, 200); a.body != "[]\n" {
		t.Errorf("%q", a.body)
	}
	a.has(t, "X-Total-Count", "0", "Content-Type", "application/json")
}

// TestUnknownValues names the filters of which a value occurs nowhere, whatever matches besides,
// and names them in the 304 as well.
func TestUnknownValues(t *testing.T) {
	t.Parallel()
	s := serving(t)
	many := strings.Repeat("team=alpha&team=ALPHA&team=beta&", 20)
	for query, want := range map[string]string{
		"": "", "team=alpha": "", "team=ALPHA&team=beta": "", "priority=Hgh": "priority",
		"team=alpha&team=nobody": "team", "source=fax&team=nobody": "team,source",
		"team=": "team", "type_of_issue=": "", "area=Unknown": "area", "area=billing&area=x": "area",
		"q=nowhere": "", "created_from=2030-01-01": "", "team=alpha&priority=High&limit=1": "",
		many: "", many + "team=nobody": "team", "sort=priority&limit=3&status=x": "status",
	} {
		for range 2 { // the second time from the cache
			a := s.get("/api/feedback/?" + query)
			a.is(t, 200)
			a.has(t, "X-Unknown-Values", want)
			again := s.get("/api/feedback/?"+query, "If-None-Match", a.Header.Get("ETag"))
			again.is(t, 304)
			again.has(t, "X-Unknown-Values", want)
		}
		s.ForgetAnswers()
		a := s.get("/api/feedback/?"+query, "If-None-Match", "*")
		a.is(t, 304)
		a.has(t, "X-Unknown-Values", want)
	}
}

func TestListOfEmptySnapshot(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.publish(none(), fullRun())
	for _, query := range []string{"", "?limit=1", "?team=Alpha"} {
		a := s.get("/api/feedback/" + query)
		if a.is(t, 200); a.body != "[]\n" {
			t.Errorf("%s: %q", query, a.body)
		}
		a.has(t, "X-Total-Count", "0")
	}
}

func TestLimitValues(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for limit, want := range map[string]int{
		"1": 1, "2": 2, "47": 47, "48": 48, "49": 48, "1000": 48, "007": 7,
		"0": 0, "-1": 0, "1001": 0, "1e9": 0, "1000000000": 0, "99999999999999999999": 0, "1.5": 0, "": 0,
		"+5": 0, "%2B5": 0, "%205": 0, "0x5": 0, "5_0": 0, "five": 0, "%D9%A5": 0,
	} {
		a := s.get("/api/feedback/?limit=" + limit)
		if want == 0 {
			a.is(t, 400)
			if p := a.problem(t); len(p.Errors) != 1 || p.Errors[0].Parameter != "limit" ||
				!strings.Contains(p.Errors[0].Detail, "1000") {
				t.Errorf("limit=%s: %s", limit, a.body)
			}
			continue
		}
		if rows := a.list(t); len(rows) != want {
			t.Errorf("limit=%s: %d rows", limit, len(rows))
		}
		a.has(t, "X-Total-Count", "48")
	}
}

func TestLimitReturnsNewest(t *testing.T) {
	t.Parallel()
	s := serving(t)
	all := s.get("/api/feedback/?team=beta").list(t)
	for limit := 1; limit <= len(all)+1; limit++ {
		a := s.get("/api/feedback/?team=beta&limit=" + strconv.Itoa(limit))
		if !slices.Equal(a.list(t), all[:min(limit, len(all))]) {
			t.Errorf("limit %d: %.200s", limit, a.body)
		}
		a.has(t, "X-Total-Count", strconv.Itoa(len(all)))
	}
}

func TestAllWrongParametersAreReported(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for query, want := range map[string][]string{
		"teem=a":                         {"teem"},
		"Team=a":                         {"Team"},
		"=a":                             {""},
		"team[]=a":                       {"team[]"},
		"limit=1&limit=2":                {"limit"},
		"limit=1&limit=1":                {"limit"},
		"limit=&limit=":                  {"limit"},
		"team=%FF":                       {"team"},
		"team=a&team=%C0%AF":             {"team"},
		"%FF=1":                          {"\uFFFD"},
		"a=1&b=2&limit=3":                {"a", "b"},
		"z=1&a=2&limit=1&a=1":            {"a", "z"},
		"x=1&limit=1&limit=2":            {"limit", "x"},
		"T=1":                            {"T"},
		"__=1":                           {"__"},
		"tt=1":                           {"tt"},
		"Q=x":                            {"Q"},
		"%74eam=a&curser=a":              {"curser"},
		"sort=best&limit=0&q=*&format=x": {"format", "limit", "q", "sort"},
		"team=%zz":                       {"(query)"},
		"a;b":                            {"(query)"},
		"team=a;priority=high":           {"(query)"},
		"team=a%00":                      {"team"},
	} {
		a := s.get("/api/feedback/?" + query)
		a.is(t, 400)
		var got []string
		for _, e := range a.problem(t).Errors {
			if got = append(got, e.Parameter); e.Detail == "" {
				t.Errorf("%.50s: no detail in %s", query, a.body)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%.50s: errors for %q, want %q", query, got, want)
		}
	}
}

func TestUnknownParameterListsKnown(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for target, known := range map[string]string{
		"/api/feedback/": "area, created_from, created_to, cursor, environment, " +
			"fields, format, limit, priority, q, sort, source, status, team, type_of_issue",
		"/api/feedback/facets": "area, created_from, created_to, environment, priority, " +
			"q, source, status, team, type_of_issue",
		"/api/reports/response-times":     "environment",
		"/api/reports/environments":       "no parameter",
		"/api/customer-pulse/":            "no parameter",
		"/api/cache/runs":                 "limit",
		"/api/feedback/rec00000000000001": "no parameter",
		"/api/cache/":                     "no parameter",
		"/api/health":                     "no parameter",
		"/api/live":                       "no parameter",
		"/api/cache/runs/" + fullRun().ID: "no parameter",
	} {
		a := s.get(target + "?colour=red")
		a.is(t, 400)
		if p := a.problem(t); len(p.Errors) != 1 || !strings.Contains(p.Errors[0].Detail, known) ||
			!strings.Contains(p.Detail, "colour") {
			t.Errorf("%s: %s", target, a.body)
		}
	}
}

func TestCacheBusters(t *testing.T) {
	t.Parallel()
	s := serving(t, tokens)
	s.refresher.ticket.RunID = "full-1"
	for path, methods := range paths {
		method, _, _ := strings.Cut(methods, ",")
		for _, query := range []string{"?t=1764072000000", "?_=1", "?t", "?t=1&t=2&_=&t=%FF"} {
			if a := s.ask(method, path+query, "Authorization", "Bearer admin-1"); a.StatusCode >= 300 {
				t.Errorf("%s %s%s: %d", method, path, query, a.StatusCode)
			}
		}
	}
}

// TestDashboardRequestHeaders sends the headers of the dashboard's browser.
func TestDashboardRequestHeaders(t *testing.T) {
	t.Parallel()
	s := serving(t)
	plain := s.get("/api/feedback/")
	asked := s.get(
		"/api/feedback/?t=1764072000000", "Cache-Control", "no-cache", "Pragma", "no-cache", "Expires",
		"0", "Content-Type", "application/json",
	)
	if asked.is(t, 200); asked.body != plain.body ||
		asked.Header.Get("ETag") != plain.Header.Get("ETag") {
		t.Errorf("%.100q", asked.body)
	}
}

// FuzzQuery checks that the response is a list with its count, or a 400 that names a parameter.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"", "team=Alpha&limit=5", "team=%FF", "limit=1e9", "t=%zz", "a;b", "team=a&team=b&environment=&_",
		"limit=1&limit=1", "%00=%00", "&&=&", "team=\"'%20--",
		"q=%22more+first%22*&sort=relevance&limit=3&format=csv",
		"sort=-issue_number&created_from=2026-11-23&created_to=2026-11-22T00:00:00%2B02:00",
		"area=Unknown&type_of_issue=&status=new&source=N/A",
		"cursor=AQ&limit=1", "limit=3&cursor=AQIwTjkcECtkZnVsbA", "q=%00&q=*", "created_to=0001-01-01",
		"format=json&sort=priority",
	} {
		f.Add(seed)
	}
	s := serving(f)
	f.Fuzz(func(t *testing.T, query string) {
		s.t = t
		a := s.send(request("/api/feedback/", query))
		if a.StatusCode == 200 {
			total, err := strconv.Atoi(a.Header.Get("X-Total-Count"))
			if a.Header.Get("Content-Type") != "application/json" {
				hasHeader := strings.HasPrefix(a.body, "\ufeffid,description,")
				if !hasHeader && !strings.Contains(query, "fields") || err != nil {
					t.Errorf("%q: %.50q, %v", query, a.body, err)
				}
				return
			}
			rows := a.list(t)
			if err != nil || len(rows) > total || rows == nil || a.Header.Get("ETag") == "" {
				t.Errorf("%q: %d rows of %d, %v", query, len(rows), total, err)
			}
			return
		}
		if a.is(t, 400); len(a.problem(t).Errors) == 0 {
			t.Errorf("%q: %s", query, a.body)
		}
	})
}
