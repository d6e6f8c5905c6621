package feedback_test

import (
	"cmp"
	"encoding/json"
	"strings"
	"testing"
	"time"

	godiff "github.com/google/go-cmp/cmp"

	"voc/internal/feedback"
	"voc/internal/voctest"
)

type sampled struct {
	ID          string                     `json:"id"`
	CreatedTime time.Time                  `json:"createdTime"`
	Fields      map[string]json.RawMessage `json:"fields"`
	line        []byte
}

func readSample(t testing.TB, lines [][]byte) []sampled {
	t.Helper()
	var records []sampled
	for _, line := range lines {
		r := sampled{line: line}
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	return records
}

// sampleTeams is a team map for some areas of the sample.
const sampleTeams = `{"credit reporting":"Bureau","MORTGAGE":"Homes","Debt Collection":"Debts"}`

// TestMapSample counts the values of some keys over the sample and compares them with a
// second implementation, which handles only the values of the sample.
func TestMapSample(t *testing.T) {
	t.Parallel()
	m := mapping(t, "", sampleTeams)
	got, want := counts{}, counts{}
	for _, r := range readSample(t, voctest.Sample(t)) {
		f := m.Map(feedback.Record{ID: r.ID, CreatedTime: r.CreatedTime, Fields: r.Fields})
		checkFeedback(t, f)
		got.add("priority", f.Priority)
		got.add("team", f.Team)
		got.add("environment", f.Environment)
		got.add("area_impacted", f.AreaImpacted)
		got.add("status", f.Status)
		got.add("week", f.Week)
		got.add("report week", f.ReportWeek)
		for _, area := range f.Areas {
			got.add("area", area)
		}
		if f.Description == "No description provided" {
			got.add("description", "none")
		}
		for i, hours := range f.Hours {
			if hours > 0 {
				got.add("hours", feedback.Durations[i])
			}
		}
		want.addSample(t, r)
	}
	if diff := godiff.Diff(want, got); diff != "" {
		t.Errorf("counts (-second implementation +Map):\n%s", diff)
	}
}

// counts are the numbers of records by key and value.
type counts map[string]map[string]int

func (c counts) add(key, value string) {
	if c[key] == nil {
		c[key] = map[string]int{}
	}
	c[key][value]++
}

// addSample is the second implementation: it counts the values of one record.
func (c counts) addSample(t *testing.T, r sampled) {
	t.Helper()
	var record struct {
		Fields struct {
			Priority    int    `json:"Priority"`
			Team        string `json:"Team Routed"`
			Environment string `json:"Environment"`
			Box         bool   `json:"CW 2.0 Bug"`
			Area        any    `json:"Area Impacted"`
			Status      string `json:"Status"`
			Created     string `json:"Created"`
			Reported    string `json:"Reported On"`
			Initial     string `json:"Initial Description"`
			Notes       string `json:"Notes"`
			Resolution  string `json:"Resolution Notes"`
			ToProgress  any    `json:"Time to In Progress"`
			ToDone      any    `json:"Time from In Progress to Done"`
			ToReferred  any    `json:"Time from Reported to Referred"`
			Referred    any    `json:"Time from Referred to Done"`
			ToResolve   any    `json:"Time From Report to Resolution"`
		} `json:"fields"`
	}
	if err := json.Unmarshal(r.line, &record); err != nil {
		t.Fatal(err)
	}
	fields := record.Fields
	c.add("priority", []string{"Low", "High", "Medium", "Low"}[fields.Priority])
	var areas []string
	switch area := fields.Area.(type) {
	case string:
		areas = []string{area}
	case []any:
		for _, element := range area {
			areas = append(areas, element.(string))
		}
	}
	teams := map[string]string{
		"credit reporting": "Bureau", "mortgage": "Homes", "debt collection": "Debts",
	}
	team := "Triage"
	for _, area := range areas {
		c.add("area", area)
		if mapped := teams[strings.ToLower(area)]; mapped != "" && team == "Triage" {
			team = mapped
		}
	}
	if fields.Team != "" && fields.Team != "Unassigned" {
		team = fields.Team
	}
	c.add("team", team)
	switch {
	case fields.Environment != "":
		c.add("environment", fields.Environment)
	case fields.Box:
		c.add("environment", "CW 2.0")
	default:
		c.add("environment", "CW 1.0")
	}
	c.add("area_impacted", cmp.Or(strings.Join(areas, ", "), "Unknown"))
	c.add("status", cmp.Or(fields.Status, "New"))
	c.add("week", mondayOf(t, fields.Created))
	c.add("report week", mondayOf(t, cmp.Or(fields.Reported, fields.Created)))
	described := false
	for _, text := range []string{fields.Initial, fields.Notes, fields.Resolution} {
		text = strings.TrimSpace(text)
		described = described || text != "" && text != "N/A"
	}
	if !described {
		c.add("description", "none")
	}
	for i, hours := range []any{
		fields.ToProgress, fields.ToDone, fields.ToReferred, fields.Referred, fields.ToResolve,
	} {
		if h, ok := hours.(float64); ok && h > 0 {
			c.add("hours", feedback.Durations[i])
		}
	}
}

// mondayOf counts whole weeks since Monday, 5 January 1970. All dates of the sample are in
// UTC.
func mondayOf(t *testing.T, date string) string {
	t.Helper()
	at, err := time.Parse(time.DateOnly, date[:len(time.DateOnly)])
	if err != nil {
		t.Fatal(err)
	}
	first := time.Date(1970, time.January, 5, 0, 0, 0, 0, time.UTC)
	return first.Add(at.Sub(first).Truncate(7 * 24 * time.Hour)).Format(time.DateOnly)
}

func BenchmarkMap(b *testing.B) {
	m, records := mapping(b, "", sampleTeams), readSample(b, voctest.Whole(b))
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		r := records[n%len(records)]
		f := m.Map(feedback.Record{ID: r.ID, CreatedTime: r.CreatedTime, Fields: r.Fields})
		if len(f.Summary())+len(f.Detail(url)) == 0 {
			b.Fatal("no JSON")
		}
	}
}
