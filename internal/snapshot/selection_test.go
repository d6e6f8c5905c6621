package snapshot_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"voc/internal/feedback"
	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
	"voc/internal/snapshot/snaptest"
)

// The values of drawn records and filters: few, so that they match often.
var (
	drawnTexts = []string{"Core", "core", "Édge", "édge", "A", "b_", ""}
	drawnAreas = []string{"Loans", "loans", "Cards", "Unknown", "Café au lait"}
	drawnTypes = []string{"Billing", "billing", "Café", ""}
	drawnNotes = []string{
		"The late fee", "late, FEE!", "fee late", "Café au lait", "cafe\u0301", "prepaid card",
		"pre paid", "n/a 😀", "",
	}
	drawnSearches = []string{
		"late", "LATE fee", `"late fee"`, `"fee late"`, "caf*", "café", "pre*", `"au la"*`,
		"paid card", "nowhere", "billing", "unknown",
	}
	drawnPriorities = []string{"1", "2", "3", "Urgent", "urgent", "high", "4", ""}
)

func drawRecord(t *rapid.T, id int) feedback.Record {
	draw := func(field string, from []string) string {
		return rapid.SampledFrom(from).Draw(t, field)
	}
	number := func(name string, from, to int) int { return rapid.IntRange(from, to).Draw(t, name) }
	fields := map[string]any{
		"Team Routed":      draw("team", drawnTexts),
		"Priority":         draw("priority", drawnPriorities),
		"Environment":      draw("environment", drawnTexts),
		"Status":           draw("status", drawnTexts),
		"Source":           draw("source", drawnTexts),
		"Type of Issue":    draw("type", drawnTypes),
		"Notes":            draw("notes", drawnNotes),
		"Resolution Notes": draw("resolution", drawnNotes),
		"Area Impacted":    rapid.SliceOfN(rapid.SampledFrom(drawnAreas), 0, 3).Draw(t, "areas"),
		"Created": fmt.Sprintf("2025-01-%02dT%02d:00:00.00%dZ",
			number("day", 1, 9), number("hour", 0, 1), number("ms", 0, 1)),
		"Issue": rapid.SampledFrom([]any{nil, 1, 2, "3", -4.5, "x"}).Draw(t, "issue"),
	}
	if rapid.Bool().Draw(t, "edited") {
		fields["Last Modified Time"] = fmt.Sprintf("2025-02-%02d", number("edited on", 1, 3))
	}
	record := feedback.Record{
		ID:          fmt.Sprintf("rec%02d", id),
		CreatedTime: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC),
		Fields:      map[string]json.RawMessage{},
	}
	for name, value := range fields {
		record.Fields[name], _ = json.Marshal(value)
	}
	return record
}

func drawFilter(t *rapid.T) feedback.Filter {
	filter := feedback.Filter{Any: snaptest.Any{}}
	choices := snaptest.Any{
		"team": drawnTexts, "priority": {"HIGH", "low", "urgent", "4", "5"},
		"environment": drawnTexts, "status": drawnTexts, "source": drawnTexts,
		"area": drawnAreas, "type_of_issue": drawnTypes,
	}
	for _, property := range feedback.Properties {
		values := append(slices.Clone(choices[property]), "New", "CW 1.0", "Triage", "N/A")
		if rapid.IntRange(0, 3).Draw(t, property+" matters") == 0 {
			some := rapid.SliceOfN(rapid.SampledFrom(values), 1, 3)
			filter.Any[property] = some.Draw(t, property)
		}
	}
	at := func(bound string) time.Time {
		if !rapid.Bool().Draw(t, bound+" is set") {
			return time.Time{}
		}
		day, half := rapid.IntRange(0, 10), rapid.IntRange(0, 2)
		return time.Date(2025, 1, day.Draw(t, bound), 1, 0, 0,
			half.Draw(t, "half milliseconds")*500_000,
			time.FixedZone("", 3600*rapid.IntRange(-2, 2).Draw(t, "zone")))
	}
	filter.From, filter.To = at("from"), at("to")
	if rapid.IntRange(0, 2).Draw(t, "text matters") == 0 {
		filter.Text, _ = feedback.ParseText(rapid.SampledFrom(drawnSearches).Draw(t, "q"))
	}
	return filter
}

// In every order, pages of any size list the records that filtering and sorting all of
// them gives, and facets have the counts.
func TestPagesEqualScan(t *testing.T) {
	snaptest.FewerChecks(t)
	rapid.Check(t, func(t *rapid.T) {
		draft, _ := snaptest.Start(t, nil, false)
		var all []feedback.Feedback
		for id := range rapid.IntRange(0, 40).Draw(t, "records") {
			record := drawRecord(t, id)
			fields, _ := json.Marshal(record.Fields)
			f := snaptest.Mapping.Map(record)
			all = append(all, f)
			source := snapshot.Source{
				ID: f.ID, CreatedTime: record.CreatedTime, Fields: fields,
				Digest: []byte{1}, Computed: []byte{2},
			}
			snaptest.Check(t, draft.Put(t.Context(), build.Row{Feedback: f, Source: source}))
		}
		file := snaptest.Open(t, snaptest.Seal(t, draft))
		for range 4 {
			filter := drawFilter(t)
			want := slices.DeleteFunc(slices.Clone(all), func(f feedback.Feedback) bool {
				return !matches(f, filter, "")
			})
			if n, err := snaptest.Count(t.Context(), file, filter); n != len(want) || err != nil {
				t.Errorf("%+v: counted %d, %v, want %d", filter, n, err, len(want))
			}
			for _, sort := range feedback.Sorts {
				slices.SortFunc(want, before(sort))
				limit := rapid.IntRange(1, 20).Draw(t, "limit")
				off := cmp.Diff(idsOf(want), walk(t, file, filter, sort, limit))
				if off != "" {
					t.Errorf("%+v, %s (-scan +pages):\n%s", filter, sort, off)
				}
			}
			got, err := file.Facets(t.Context(), filter)
			if off := cmp.Diff(facetsOf(all, filter), string(got)); off != "" || err != nil {
				t.Errorf("%+v: %v, facets (-scan +file):\n%s", filter, err, off)
			}
		}
		got, _, err := file.Report(t.Context(), snapshot.FacetsReport, nil)
		if off := cmp.Diff(facetsOf(all, feedback.Filter{}), string(got)); off != "" || err != nil {
			t.Errorf("%v, precomputed facets (-scan +file):\n%s", err, off)
		}
	})
}

func idsOf(all []feedback.Feedback) []string {
	ids := []string{}
	for _, f := range all {
		ids = append(ids, f.ID)
	}
	return ids
}

// walk reads all pages, each with only what the previous one returned.
func walk(
	t snaptest.T, file *snaptest.Snapshot, filter feedback.Filter, sort feedback.Sort, limit int,
) []string {
	t.Helper()
	ids := []string{}
	for after, more := uint32(0), true; more; {
		selection, err := file.Select(t.Context(), filter)
		snaptest.Check(t, err)
		page, err := selection.Page(t.Context(), sort, after, limit)
		snaptest.Check(t, err)
		if len(page.Positions) > limit || page.More && len(page.Positions) < limit {
			t.Fatalf("a page of %d, limit %d, and more: %t", len(page.Positions), limit, page.More)
		}
		for summary, err := range file.Summaries(t.Context(), page.Positions) {
			snaptest.Check(t, err)
			var s struct{ ID string }
			snaptest.Check(t, json.Unmarshal(summary, &s))
			ids = append(ids, s.ID)
		}
		after, more = page.Last, page.More
	}
	return ids
}

// A page of a search that is not cached comes from the full-text index and is the same.
func TestPageWithoutCachedSearch(t *testing.T) {
	t.Parallel()
	records := snaptest.Cells{}
	for i := range 60 {
		records[fmt.Sprintf("rec%02d", i)] = fmt.Sprintf(
			`{"Notes":"late fee %d","Team Routed":"%s","Created":"2025-01-%02d"}`,
			i%7, []string{"A", "B"}[i%2], 1+i%28)
	}
	sealed := snaptest.Create(t, records)
	team := snaptest.Any{"team": {"a"}}
	filter := feedback.Filter{Any: team, Text: searchFor(t, "late")}
	want := walk(t, snaptest.Open(t, sealed), feedback.Filter{Any: team}, feedback.Newest, 100)
	got, after := []string{}, uint32(0)
	for more := true; more; {
		file := snaptest.Open(t, sealed) // remembers nothing
		selection, err := file.Select(t.Context(), filter)
		snaptest.Check(t, err)
		page, err := selection.Page(t.Context(), feedback.Newest, after, 7)
		snaptest.Check(t, err)
		for _, pos := range page.Positions {
			got = append(got, snaptest.IDs(t, file)[pos-1<<20])
		}
		after, more = page.Last, page.More
	}
	if off := cmp.Diff(want, got); off != "" {
		t.Errorf("(-at once +page by page):\n%s", off)
	}
}

func searchFor(t snaptest.T, q string) feedback.Text {
	t.Helper()
	text, err := feedback.ParseText(q)
	snaptest.Check(t, err)
	return text
}

func TestRelevance(t *testing.T) {
	t.Parallel()
	const long = "escrow and many other words that have nothing to do with it at all"
	file := snaptest.New(t, snaptest.Cells{
		"often":  `{"Created":"2025-01-01","Notes":"escrow escrow escrow"}`,
		"once":   `{"Created":"2025-01-02","Notes":"` + long + `"}`,
		"same":   `{"Created":"2025-01-03","Notes":"` + long + `"}`,
		"never":  `{"Created":"2025-01-04","Notes":"nothing of the kind"}`,
		"never2": `{"Created":"2025-01-05","Notes":"nothing of the kind"}`,
		"never3": `{"Created":"2025-01-06","Notes":"nothing of the kind"}`,
		"never4": `{"Created":"2025-01-07","Notes":"nothing of the kind"}`,
	})
	for _, limit := range []int{1, 2, 5} {
		got := walk(t, file, feedback.Filter{Text: searchFor(t, "escrow")}, feedback.Relevance, limit)
		if !slices.Equal(got, []string{"often", "same", "once"}) {
			t.Errorf("%d at a time: %v", limit, got)
		}
	}
	filter := feedback.Filter{
		Text: searchFor(t, "escrow"), To: time.Date(2025, 1, 3, 0, 0, 0, 0, time.UTC),
	}
	got := walk(t, file, filter, feedback.Relevance, 1)
	if !slices.Equal(got, []string{"often", "once"}) {
		t.Errorf("filtered: %v", got)
	}
}

func TestTimeBounds(t *testing.T) {
	t.Parallel()
	file := snaptest.New(t, snaptest.Cells{
		"a": `{"Created":"0001-01-01"}`,
		"b": `{"Created":"2025-01-01"}`,
		"c": `{"Created":"9999-12-31T23:59:59.999Z"}`,
	})
	at := func(year int, zone int) time.Time {
		return time.Date(year, 1, 1, 0, 0, 0, 0, time.FixedZone("", zone*3600))
	}
	for name, test := range map[string]struct {
		from, to time.Time
		want     string
	}{
		"before the first year":     {at(1, 14), time.Time{}, "cba"},
		"until before the first":    {time.Time{}, at(1, 14), ""},
		"until the first":           {time.Time{}, at(1, 0).Add(time.Millisecond), "a"},
		"from the last millisecond": {at(10000, 0).Add(-time.Millisecond), time.Time{}, "c"},
		"from after the last":       {at(10000, 0), time.Time{}, ""},
		"until after the last":      {time.Time{}, at(10000, 0), "cba"},
		"nothing in between":        {at(2026, 0), at(2027, 0), ""},
		"an empty interval":         {at(2025, 0), at(2025, 0), ""},
		"one instant":               {at(2025, 0), at(2025, 0).Add(1), "b"},
		"just after it":             {at(2025, 0).Add(1), at(2026, 0), ""},
	} {
		filter := feedback.Filter{From: test.from, To: test.to}
		got := strings.Join(walk(t, file, filter, feedback.Newest, 2), "")
		if got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// The cached result of one filter must not answer another.
func TestSimilarFiltersAreDistinct(t *testing.T) {
	t.Parallel()
	file := snaptest.New(t, snaptest.Cells{
		"a": `{"Team Routed":"x"}`,
		"b": `{"Team Routed":"y"}`,
		"c": `{"Team Routed":"x\u0000y"}`,
		"d": `{"Team Routed":"x\" \"y"}`,
	})
	for range 2 {
		for want, teams := range map[string][]string{
			"a": {"x"}, "ab": {"x", "y"}, "c": {"x\x00y"}, "d": {`x" "y`},
			"abc": {"y", "X", "X\x00y"},
		} {
			filter := feedback.Filter{Any: snaptest.Any{"team": teams}}
			got := walk(t, file, filter, feedback.Newest, 9)
			if strings.Join(got, "") != want {
				t.Errorf("%q finds %q, want %q", teams, got, want)
			}
		}
	}
	filter := feedback.Filter{Any: snaptest.Any{"status": {"x"}}}
	if got := walk(t, file, filter, feedback.Newest, 9); len(got) > 0 {
		t.Errorf("status x, which is a team, finds %q", got)
	}
}

// A position that no page returned is no error: a cursor is checked, but may be forged.
func TestPageAfterEnd(t *testing.T) {
	t.Parallel()
	file := snaptest.New(t, snaptest.Cells{"a": snaptest.Early, "b": snaptest.Late})
	for _, filter := range []feedback.Filter{
		{}, {Any: snaptest.Any{"team": {"triage"}}}, {Text: searchFor(t, "no")},
	} {
		for _, sort := range append(slices.Clone(feedback.Sorts), feedback.Relevance) {
			if sort == feedback.Relevance && filter.Text == nil {
				continue
			}
			for _, after := range []uint32{
				1<<20 + 1, 1<<20 + 2048, 1 << 31, math.MaxUint32 - 1, math.MaxUint32,
			} {
				selection, err := file.Select(t.Context(), filter)
				snaptest.Check(t, err)
				page, err := selection.Page(t.Context(), sort, after, 10)
				if err != nil || len(page.Positions) > 0 || page.More {
					t.Errorf("%+v, %s, after %d: %+v, %v", filter, sort, after, page, err)
				}
			}
		}
	}
}

// A damaged set is an error and no panic.
func TestDamagedSetIsError(t *testing.T) {
	t.Parallel()
	triage := feedback.Filter{Any: snaptest.Any{"team": {"triage"}}}
	until2030 := feedback.Filter{To: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
	for _, damage := range []string{
		`x''`, `x'00'`, `x'3a300000'`, `x'3b30000001000000ffffffff'`,
		`x'3a30000001000000000000001000000001'`, `'text'`, `randomblob(50)`,
	} {
		file := snaptest.New(t, snaptest.Cells{"a": snaptest.Early, "b": snaptest.Late})
		snaptest.Alter(t, file.Path(snapshot.Serve), `UPDATE facet SET positions = `+damage)
		if _, err := snaptest.Count(t.Context(), file, triage); err == nil {
			t.Errorf("%s: Count returns no error", damage)
		}
		if _, err := file.Facets(t.Context(), until2030); err == nil {
			t.Errorf("%s: Facets returns no error", damage)
		}
	}
}

func TestMissingOrderIsError(t *testing.T) {
	t.Parallel()
	file := snaptest.New(t, snaptest.Cells{"a": snaptest.Early, "b": snaptest.Late})
	snaptest.Alter(t, file.Path(snapshot.Serve), `DELETE FROM ranking WHERE sort = 'status';
		UPDATE ranking SET positions = x'01000000ff' WHERE sort = 'priority'`)

	for _, sort := range []feedback.Sort{"status", "priority"} {
		selection, err := file.Select(t.Context(), feedback.Filter{})
		snaptest.Check(t, err)
		if page, err := selection.Page(t.Context(), sort, 0, 10); err == nil {
			t.Errorf("%s: %+v", sort, page)
		}
	}
}
