package httpapi_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"voc/internal/feedback"
)

// The reports of the sample, computed a second time from its records.

type times map[string]any

// averages are the averages of some records, summed record by record.
func averages(label string, records []feedback.Feedback) times {
	row := times{"weekLabel": label, "count": float64(len(records))}
	for i, key := range feedback.Durations {
		sum, n := 0.0, 0
		for _, f := range records {
			if f.Hours[i] > 0 {
				sum, n = sum+f.Hours[i], n+1
			}
		}
		row[key] = 0.0
		if n > 0 {
			row[key] = sum / float64(n)
		}
	}
	return row
}

func TestResponseTimesOfTheSample(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.publish(some(t), fullRun())
	all := mapped(sampleRecords(t))
	for query, names := range map[string][]string{
		"": nil, "?environment=All+Environments": nil,
		"?environment=all%20environments&environment=CW+2.0": nil, "?t=1": nil,
		"?environment=CW+2.0": {"CW 2.0"}, "?environment=cw+2.0&environment=CW+1.0": {"CW 2.0", "CW 1.0"},
		"?environment=CW+2.0&environment=cw+2.0":  {"CW 2.0"},
		"?environment=nowhere&environment=CW+1.0": {"CW 1.0"},
	} {
		weeks := map[string][]feedback.Feedback{}
		var selected []feedback.Feedback
		for _, f := range all {
			if names == nil || slices.Contains(names, f.Environment) {
				weeks[f.ReportWeek], selected = append(weeks[f.ReportWeek], f), append(selected, f)
			}
		}
		var report struct {
			Rows     []times
			Weighted times
		}
		a := s.get("/api/reports/response-times" + query)
		a.is(t, 200)
		a.decode(t, &report)
		var want []times
		for week, records := range weeks {
			want = append(want, averages(week, records))
		}
		slices.SortFunc(
			want,
			func(a, b times) int {
				return strings.Compare(a["weekLabel"].(string), b["weekLabel"].(string))
			},
		)
		near := cmpopts.EquateApprox(1e-12, 0) // sums are taken in another order
		if diff := cmp.Diff(want, report.Rows, near) + cmp.Diff(
			averages("Weighted Average", selected), report.Weighted, near,
		); diff != "" {
			t.Errorf("%s (-records +report):\n%s", query, diff)
		}
	}
	for _, query := range []string{"?environment=nowhere", "?environment="} {
		a := s.get("/api/reports/response-times" + query)
		if a.body != `{"rows":[],"weighted":null}`+"\n" {
			t.Errorf("%s: %s", query, a.body)
		}
	}
}

func TestEnvironmentsHaveResponseTimes(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.publish(seal(t.Name(), []feedback.Record{
		{
			ID:          "a",
			CreatedTime: noon,
			Fields:      raw(map[string]any{"Environment": "b", "Time to In Progress": 1}),
		},
		{
			ID:          "b",
			CreatedTime: noon,
			Fields: raw(
				map[string]any{
					"Environment":                    "None",
					"Time to In Progress":            0,
					"Time From Report to Resolution": "5",
				},
			),
		},
		{
			ID:          "c",
			CreatedTime: noon,
			Fields:      raw(map[string]any{"Environment": "C", "Time From Report to Resolution": 0.5}),
		},
	}), fullRun())
	if a := s.get("/api/reports/environments"); a.body != `{"environments":["C","b"]}`+"\n" {
		t.Error(a.body)
	}
}

func TestFacetsMatchFilters(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.publish(some(t), fullRun())
	for _, query := range []string{
		"", "priority=high", "team=triage&environment=CW+2.0", "q=credit&status=done",
		"created_from=2025-03-01&created_to=2025-06-01&area=Mortgage", "team=nobody",
	} {
		var facets map[string]any
		a := s.get("/api/feedback/facets?" + query)
		a.is(t, 200)
		a.decode(t, &facets)
		if _, list := s.listed(query); fmt.Sprint(facets["total"]) != list.Header.Get("X-Total-Count") {
			t.Errorf(
				"%s: total %v, the list has %s", query, facets["total"], list.Header.Get("X-Total-Count"),
			)
		}
		for _, property := range feedback.Properties {
			values := must(url.ParseQuery(query))
			for i, choice := range facets[property].([]any) {
				if i > 5 {
					break // the most frequent will do
				}
				values.Set(property, choice.(map[string]any)["value"].(string))
				_, list := s.listed(values.Encode())
				count := fmt.Sprint(choice.(map[string]any)["count"])
				if count != list.Header.Get("X-Total-Count") {
					t.Errorf(
						"%s: %s %v, a filter finds %s", query, property, choice, list.Header.Get("X-Total-Count"),
					)
				}
			}
		}
		weeks := 0.0
		for _, choice := range facets["week"].([]any) {
			weeks += choice.(map[string]any)["count"].(float64)
		}
		if weeks != facets["total"] {
			t.Errorf("%s: the weeks have %v records of %v", query, weeks, facets["total"])
		}
	}
}

func TestPulseOfRecords(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.publish(some(t), fullRun())
	all := mapped(sampleRecords(t))
	var pulse struct {
		Total      int                    `json:"total_feedback"`
		Priorities map[string]int         `json:"priority_distribution"`
		States     map[string]int         `json:"status_distribution"`
		Trends     struct{ Data [][]any } `json:"monthly_trends"`
		High       []map[string]string    `json:"high_priority_issues"`
		Updated    string                 `json:"last_updated"`
	}
	a := s.get("/api/customer-pulse/")
	a.is(t, 200)
	a.decode(t, &pulse)
	priorities, states := map[string]int{}, map[string]int{}
	months := map[string]float64{}
	var high []string
	for _, f := range all {
		priorities[f.Priority]++
		states[f.Status]++
		months[f.Created.Format("2006-01")]++
		if f.Priority == "High" && len(high) < 5 {
			high = append(high, f.ID)
		}
	}
	for i, issue := range pulse.High {
		if issue["id"] != high[i] || len([]rune(issue["description"])) > 103 {
			t.Errorf("%v, want %s", issue, high[i])
		}
	}
	for _, month := range pulse.Trends.Data {
		if months[month[0].(string)] != month[1] {
			t.Errorf("%v, want %v", month, months[month[0].(string)])
		}
	}
	diff := cmp.Diff(priorities, pulse.Priorities) + cmp.Diff(states, pulse.States)
	if pulse.Total != len(all) || len(pulse.Trends.Data) != 12 || diff != "" ||
		pulse.Updated != noon.Format("2006-01-02T15:04:05.000Z") {
		t.Errorf(
			"%d records, %d months, %s, (-records +pulse):\n%s", pulse.Total, len(pulse.Trends.Data),
			pulse.Updated, diff,
		)
	}
}

func TestReportsOfEmptySnapshot(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.publish(none(), fullRun())
	for target, want := range map[string]string{
		"/api/feedback/facets": `{"total":0,"team":[],"priority":[],` +
			`"environment":[],"status":[],"source":[],"area":[],"type_of_issue":[],"week":[]}`,
		"/api/feedback/facets?q=a": `{"total":0,"team":[],"priority":[],` +
			`"environment":[],"status":[],"source":[],"area":[],"type_of_issue":[],"week":[]}`,
		"/api/reports/response-times":               `{"rows":[],"weighted":null}`,
		"/api/reports/response-times?environment=x": `{"rows":[],"weighted":null}`,
		"/api/reports/environments":                 `{"environments":[]}`,
		"/api/customer-pulse": `{"total_feedback":0,` +
			`"priority_distribution":{},"environment_distribution":{},"status_distribution":{},` +
			`"monthly_trends":{"data":[],"trend_percentage":0,"trend_direction":"stable"},` +
			`"high_priority_issues":[],"last_updated":"2026-11-23T12:00:00.000Z"}`,
	} {
		if a := s.get(target); a.body != want+"\n" {
			t.Errorf("%s: %d %s", target, a.StatusCode, a.body)
		}
	}
}

func TestSmallestEncodingOfReports(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.publish(some(t), fullRun())
	for _, target := range []string{
		"/api/feedback/facets", "/api/feedback/facets?priority=low", "/api/reports/response-times",
		"/api/reports/response-times?environment=CW+2.0", "/api/reports/environments",
		"/api/customer-pulse",
	} {
		s.decodes(t, target)
		s.usesTheSmallest(t, target)
	}
}

// TestCachedAnswerIsUnchanged requests twice, in any order of encodings, methods and conditions.
func TestCachedAnswerIsUnchanged(t *testing.T) {
	t.Parallel()
	for _, target := range dataTargets {
		s := serving(t)
		made := s.get(target, "Accept-Encoding", "gzip")
		tag := made.Header.Get("ETag")
		for range 2 {
			again := s.get(target, "Accept-Encoding", "gzip")
			diff := cmp.Diff(comparable(made.Header), comparable(again.Header))
			if diff != "" || again.body != made.body {
				t.Errorf("%s (-first +cached):\n%s", target, diff)
			}
			head := s.ask("HEAD", target, "Accept-Encoding", "gzip")
			if head.body != "" || head.Header.Get("X-Total-Count") != made.Header.Get("X-Total-Count") {
				t.Errorf("%s: HEAD has %q", target, head.body)
			}
			if plain := s.get(target); plain.body != made.decoded(t) {
				t.Errorf("%s: %.100q, want %.100q", target, plain.body, made.decoded(t))
			}
			not := s.get(target, "Accept-Encoding", "gzip", "If-None-Match", tag)
			not.is(t, 304)
			not.has(
				t, "X-Total-Count", made.Header.Get("X-Total-Count"), "Link", made.Header.Get("Link"),
				"Content-Type", "", "Content-Encoding", "", "Content-Length", "",
			)
		}
		s.clock.Set(noon.Add(time.Hour))
		s.get(target, "Accept-Encoding", "gzip").has(t, "X-Data-Stale", "true")
	}
}
