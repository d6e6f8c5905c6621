package snapshot_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/feedback"
	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
	"voc/internal/snapshot/snaptest"
	"voc/internal/voctest"
)

// sealSample seals the repository's records in a snapshot made on a day on which their last weeks
// are over.
func sealSample(t *testing.T, rows []build.Row) snapshot.Sealed {
	t.Helper()
	made := time.Date(2026, time.January, 7, 0, 0, 0, 0, time.UTC)
	draft := snaptest.PutAll(t, rows)
	sealed, err := draft.Seal(t.Context(), snapshot.Meta{Base: "appA", CreatedAt: made})
	snaptest.Check(t, err)
	return sealed
}

// TestTrendsMatchRecords counts the records a second time, by their values and weeks.
func TestTrendsMatchRecords(t *testing.T) {
	t.Parallel()
	rows := snaptest.Rows(t, voctest.Records(t))
	file := snaptest.Open(t, sealSample(t, rows))
	for _, by := range feedback.TrendProperties {
		text, err := file.Trends(t.Context(), by, feedback.MaxTrendWeeks)
		snaptest.Check(t, err)
		var report struct {
			Weeks  []string
			Series []struct {
				Value  *string
				Counts []int
				Total  int
			}
		}
		snaptest.Check(t, json.Unmarshal(text, &report))
		if len(report.Weeks) != feedback.MaxTrendWeeks || report.Weeks[103] != "2025-12-29" {
			t.Errorf("%s: the weeks %v", by, report.Weeks)
		}
		want, got := map[string]int{}, map[string]int{} // by folded value and week
		for _, row := range rows {
			for _, value := range row.Feedback.Values(by) {
				want[feedback.Fold(value)+row.Feedback.Week]++
			}
		}
		rest := 0
		for _, series := range report.Series {
			for i, count := range series.Counts {
				switch {
				case count == 0:
				case series.Value == nil:
					rest += count
				default:
					got[feedback.Fold(*series.Value)+report.Weeks[i]] = count
				}
			}
		}
		maps.DeleteFunc(want, func(key string, count int) bool {
			if _, isShown := got[key]; !isShown && rest > 0 {
				rest -= count
				return true
			}
			return false
		})
		if diff := cmp.Diff(want, got); diff != "" || rest != 0 {
			t.Errorf("%s: %d too many in the rest (-records +report):\n%s", by, rest, diff)
		}
	}
}

// TestWeeklyWithoutRecords asks an empty snapshot.
func TestWeeklyWithoutRecords(t *testing.T) {
	t.Parallel()
	file := snaptest.Open(t, sealSample(t, nil))
	trends, err := file.Trends(t.Context(), feedback.Team, 1)
	snaptest.Check(t, err)
	movers, err := file.Movers(t.Context(), nil)
	snaptest.Check(t, err)
	counts, err := file.ResponseCounts(t.Context(), nil)
	snaptest.Check(t, err)
	got := []string{string(trends), string(movers[:22]), string(counts)}
	want := []string{
		`{"weeks":["2025-12-29"],"series":[]}` + "\n", `{"week":"2025-12-29","r`[:22],
		`{"rows":[],"total":null}` + "\n",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestResponseCountsMatchRecords counts the durations a second time.
func TestResponseCountsMatchRecords(t *testing.T) {
	t.Parallel()
	rows := snaptest.Rows(t, voctest.Records(t))
	file := snaptest.Open(t, sealSample(t, rows))
	for _, environments := range [][]string{nil, {"cw 2.0"}, {"CW 2.0", "CW 1.0"}, {"nowhere"}} {
		weeks := map[string]feedback.Times{}
		for _, row := range rows {
			isSelected := environments == nil || slices.ContainsFunc(environments, func(name string) bool {
				return feedback.Fold(name) == feedback.Fold(row.Feedback.Environment)
			})
			if !isSelected {
				continue
			}
			times := feedback.Times{Records: 1}
			for i, hours := range row.Feedback.Hours {
				if hours > 0 {
					times.Counts[i] = 1
				}
			}
			times.Add(weeks[row.Feedback.ReportWeek])
			weeks[row.Feedback.ReportWeek] = times
		}
		got, err := file.ResponseCounts(t.Context(), environments)
		snaptest.Check(t, err)
		if diff := cmp.Diff(string(feedback.ResponseCounts(weeks))+"\n", string(got)); diff != "" {
			t.Errorf("%v (-records +report):\n%s", environments, diff)
		}
	}
}

// BenchmarkWeekly compares the reports by week with facets under a filter, which any request may
// ask for.
func BenchmarkWeekly(b *testing.B) {
	sealed, err := snaptest.PutAll(b, snaptest.Sample(b)).Seal(b.Context(), snapshot.Meta{})
	snaptest.Check(b, err)
	file := snaptest.Open(b, sealed)
	filter := feedback.Filter{Any: map[string][]string{feedback.Priority: {"High"}}}
	for name, report := range map[string]func() ([]byte, error){
		"facets": func() ([]byte, error) { return file.Facets(b.Context(), filter) },
		"trends": func() ([]byte, error) { return file.Trends(b.Context(), feedback.TypeOfIssue, 104) },
		"movers": func() ([]byte, error) { return file.Movers(b.Context(), nil) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := report()
				snaptest.Check(b, err)
			}
		})
	}
}
