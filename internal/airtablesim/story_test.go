package airtablesim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"voc/internal/airtablesim"
)

// firstArea returns the first area of a record, or "".
func firstArea(r airtablesim.Record) string {
	if list, ok := r.Fields["Area Impacted"].([]any); ok {
		return fmt.Sprint(list[0])
	}
	return text(r, "Area Impacted")
}

// TestSampleTellsStory holds what the README promises of the sample and a page can show.
func TestSampleTellsStory(t *testing.T) {
	t.Parallel()
	monday := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	documents, days, reporters := map[int]int{}, map[string]int{}, map[string]int{}
	for _, r := range sample(t) {
		if firstArea(r) == "Documents" {
			documents[int(monday.Sub(r.Created).Hours())/(7*24)]++
		}
		days[r.Created.Format(time.DateOnly)]++
		reporters[strings.ToLower(text(r, "User Profile Email"))]++
	}
	eight := 0
	for week := range 8 {
		eight += documents[1+week]
	}
	if last := documents[0]; last < 12 || float64(last) < 2.5*float64(eight)/8 {
		t.Errorf("documents: %d in the last week, %d in the eight before", last, eight)
	}
	for week := range 3 {
		if documents[week] <= documents[week+1] {
			t.Errorf("documents do not rise: %v", documents)
		}
	}
	delete(reporters, "")
	often := ""
	for reporter, n := range reporters {
		if n > reporters[often] {
			often = reporter
		}
	}
	if n := reporters[often]; n < 20 || strings.HasPrefix(often, "user.") {
		t.Errorf("%s writes most often, %d times", often, n)
	}
	outage := monday.AddDate(0, 0, -9*7+1).Format(time.DateOnly)
	for day, n := range days {
		if n > 12 && day != outage || day == outage && n < 20 {
			t.Errorf("%d records on %s, and the outage was on %s", n, day, outage)
		}
	}
}

func TestSampleIsPlausible(t *testing.T) {
	t.Parallel()
	monday := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	seen, teams, unrouted := map[string]string{}, map[string][]string{}, 0
	for _, r := range sample(t) {
		for _, field := range []string{"Initial Description", "Notes"} {
			described := text(r, field)
			if len(described) < 70 || strings.Contains(described, "Dear team") {
				continue // a note of triage, or the form letter
			}
			if first := seen[described]; first != "" {
				t.Errorf("%s and %s: %q", first, r.ID, described)
			}
			seen[described] = r.ID
		}
		for _, field := range []string{"Initial Description", "Notes", "Resolution Notes"} {
			if strings.ContainsAny(text(r, field), "{}") {
				t.Errorf("%s: a template is not filled in: %q", r.ID, text(r, field))
			}
		}
		age := monday.Sub(r.Created)
		if status := text(r, "Status"); status == "New" && age > 180*24*time.Hour ||
			status == "Done" && age < 24*time.Hour {
			t.Errorf("%s is %s after %s", r.ID, status, age)
		}
		for _, field := range times {
			if hours, ok := r.Fields[field].(float64); ok && hours > age.Hours() {
				t.Errorf("%s, %s: %v h, and it is %v h old", r.ID, field, hours, age.Hours())
			}
		}
		area, team := firstArea(r), text(r, "Team Routed")
		switch {
		case team == "" || team == "Unassigned":
			unrouted++
		case area != "" && !slices.Contains(teams[area], team):
			teams[area] = append(teams[area], team)
		}
	}
	for area, all := range teams {
		if len(all) != 1 {
			t.Errorf("%s is of the teams %v", area, all)
		}
	}
	if unrouted < 20 || unrouted > 100 {
		t.Errorf("%d records have no team", unrouted)
	}
}
