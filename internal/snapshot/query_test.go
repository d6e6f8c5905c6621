package snapshot_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"voc/internal/feedback"
	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
	"voc/internal/snapshot/snaptest"
)

// expected returns the rows of records in the contract's order: newest created first,
// ties by the bytes of their ids.
func expected(records snaptest.Cells) []build.Row {
	var rows []build.Row
	for id, cells := range records {
		rows = append(rows, snaptest.Row(id, cells))
	}
	slices.SortFunc(rows, func(a, b build.Row) int {
		if newer := b.Feedback.Created.Compare(a.Feedback.Created); newer != 0 {
			return newer
		}
		return strings.Compare(a.Feedback.ID, b.Feedback.ID)
	})
	return rows
}

func TestDefaultOrder(t *testing.T) {
	t.Parallel()
	records := snaptest.Cells{
		"first": `{"Created":"0001-01-01"}`,
		"last":  `{"Created":"9999-12-31T23:59:59.999Z"}`,
	}
	for i, id := range []string{
		"a", "B", "b", "ab", "a\x00", "a\x00b", "é", "e", "Z", "😀", "\uffff", "10", "9", " ", "",
	} {
		records[id] = `{"Created":"2025-01-01"}`
		records["m"+id] = fmt.Sprintf(`{"Created":"2025-01-01T00:00:00.%03dZ"}`, i%3)
	}
	want := []string{}
	for _, r := range expected(records) {
		want = append(want, r.Feedback.ID)
	}
	if got := snaptest.IDs(t, snaptest.New(t, records)); !slices.Equal(got, want) {
		t.Errorf("the order is\n%q, want\n%q", got, want)
	}
}

// awkward are records whose ids and texts have characters that are special to a
// database, JSON or a shell.
var awkward = snaptest.Cells{
	"re'c\"1":  `{"Notes":"it's \"quoted\"; DROP TABLE feedback; --","Team Routed":"O'Hara"}`,
	"rec\x002": `{"Notes":"before\u0000after","Team Routed":"nul\u0000team","Environment":"\u0000"}`,
	"rec😀3":    `{"Notes":"日本語 😀 \ud83d","Area Impacted":["a, b","c"]}`,
	"rec\r\n4": `{"Notes":"one\r\ntwo\rthree\u2028four","Status":"<b>"}`,
	"rec%_*5":  `{"Notes":"%_*?[]"}`,
	"":         `{}`,
}

// Detail returns a record with all keys and its fields unchanged, or ErrNoRecord.
func TestDetail(t *testing.T) {
	t.Parallel()
	file := snaptest.New(t, awkward)
	for id, cells := range awkward {
		r := snaptest.Row(id, cells)
		want, err := feedback.Join(r.Feedback.Summary(), r.Feedback.Detail(r.URL), []byte(cells))
		snaptest.Check(t, err)
		got := snaptest.Detail(t, file, id)
		if got != string(want) {
			t.Errorf("%q returns\n%s, want\n%s", id, got, want)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("%q is not JSON", id)
		}
	}
	for _, id := range []string{"rec", "REC%_*5", "re'c\"1 ", "rec\x00", "' OR 1=1 --"} {
		if got, err := file.Detail(t.Context(), id); !errors.Is(err, snapshot.ErrNoRecord) {
			t.Errorf("%q returns %v, %v", id, got, err)
		}
	}
}

func TestDetailOfDamagedRecord(t *testing.T) {
	t.Parallel()
	for _, damage := range []string{`blocks = x''`, `blocks = x'0708'`, `size = size + 1`, `crc = 1`} {
		file := snaptest.New(t, snaptest.Cells{"a": snaptest.Early})
		snaptest.Alter(t, file.Path(snapshot.Details), `UPDATE record SET `+damage)
		packed, err := file.Detail(t.Context(), "a")
		snaptest.Check(t, err)
		if text, err := packed.Text(); !errors.Is(err, snapshot.ErrNotSnapshot) {
			t.Errorf("%s: %s, %v", damage, text, err)
		}
	}
}

func TestSources(t *testing.T) {
	t.Parallel()
	var want, got []snapshot.Source
	for _, r := range expected(awkward) {
		want = append(want, r.Source)
	}
	for source, err := range snaptest.Originals(t, snaptest.New(t, awkward)).All(t.Context()) {
		snaptest.Check(t, err)
		got = append(got, source)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sources (-put +read):\n%s", diff)
	}
}

// A filter ignores case and accents only; the values of one property are alternatives,
// and all properties must match.
func TestFilter(t *testing.T) {
	t.Parallel()
	file := snaptest.New(t, snaptest.Cells{
		"a": `{"Created":"2025-01-05","Team Routed":"Core","Priority":1,"Environment":"Émile"}`,
		"b": `{"Created":"2025-01-04","Team Routed":"CORE","Priority":2,"CW 2.0 Bug":true}`,
		"c": `{"Created":"2025-01-03","Area Impacted":"Loans","Priority":"Urgent"}`,
		"d": `{"Created":"2025-01-02","Team Routed":"O'Hara"}`,
		"e": `{"Created":"2025-01-01"}`,
	})
	any := func(values snaptest.Any) feedback.Filter { return feedback.Filter{Any: values} }
	team := func(values ...string) feedback.Filter { return any(snaptest.Any{"team": values}) }
	environment := func(value string) feedback.Filter {
		return any(snaptest.Any{"environment": {value}})
	}
	threeProperties := func(values ...string) feedback.Filter {
		return any(snaptest.Any{
			"team": {"core"}, "priority": values[:1], "environment": values[1:],
		})
	}
	for name, test := range map[string]struct {
		filter feedback.Filter
		limit  int
		want   string
	}{
		"none":                 {feedback.Filter{}, 0, "abcde"},
		"limit":                {feedback.Filter{}, 2, "ab"},
		"limit beyond the end": {feedback.Filter{}, 9, "abcde"},
		"case":                 {team("cOrE"), 0, "ab"},
		"case beyond ASCII":    {environment("éMILE"), 0, "a"},
		"accent":               {environment("emile"), 0, "a"},
		"mapped value":         {team("lending"), 0, "c"},
		"unrouted":             {team("Triage"), 0, "e"},
		"several values":       {team("lending", "triage", "none", "LENDING"), 0, "ce"},
		"two properties": {
			any(snaptest.Any{"team": {"core"}, "priority": {"high", "low"}}), 0, "a",
		},
		"three properties":   {threeProperties("medium", "cw 2.0"), 0, "b"},
		"one of three fails": {threeProperties("high", "x"), 0, ""},
		"defaults": {
			any(snaptest.Any{"environment": {"CW 1.0"}, "priority": {"Low"}}), 0, "de",
		},
		"filter and limit": {environment("CW 1.0"), 2, "cd"},
		"quote":            {team("o'hara"), 0, "d"},
		"unknown value":    {team("cor"), 0, ""},
		"empty value":      {team(""), 0, ""},
		"SQL":              {team("' OR '1'='1", "core' --"), 0, ""},
		"wildcard":         {team("c%", "c*"), 0, ""},
		"10,001 values":    {team(append(slices.Repeat([]string{"x"}, 10_000), "core")...), 0, "ab"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			for _, summary := range snaptest.List(t, file, test.filter, test.limit) {
				var s struct{ ID string }
				snaptest.Check(t, json.Unmarshal([]byte(summary), &s))
				got += s.ID
			}
			if got != test.want {
				t.Errorf("it finds %q, want %q", got, test.want)
			}
			n, err := snaptest.Count(t.Context(), file, test.filter)
			if err != nil || test.limit == 0 && n != len(test.want) {
				t.Errorf("it counts %d, %v, want %d", n, err, len(test.want))
			}
		})
	}
}

// A filter finds the records that a scan with Fold finds, in the same order.
func TestFilterEqualsScan(t *testing.T) {
	t.Parallel()
	texts := []string{"core", "CORE", "Core ", "é", "É", "ß", "SS", "k", "\u212a", "Ǆ", "ǆ"}
	records := snaptest.Cells{}
	for i := range 150 {
		records[fmt.Sprint("rec", i)] = fmt.Sprintf(
			`{"Team Routed":"%s","Priority":"%s","Environment":"%s","Created":"2025-01-%02d"}`,
			texts[i%7], texts[i%11], texts[i%5], 1+i%28)
	}
	file, rows := snaptest.New(t, records), expected(records)
	values := rapid.SliceOfN(rapid.SampledFrom(append(texts, "high", "")), 0, 3)
	rapid.Check(t, func(rt *rapid.T) {
		filter := feedback.Filter{Any: snaptest.Any{
			"team":        values.Draw(rt, "team"),
			"priority":    values.Draw(rt, "priority"),
			"environment": values.Draw(rt, "environment"),
		}}
		want := []string{}
		for _, r := range rows {
			f := r.Feedback
			if contains(filter.Any["team"], f.Team) && contains(filter.Any["priority"], f.Priority) &&
				contains(filter.Any["environment"], f.Environment) {
				want = append(want, string(f.Summary()))
			}
		}
		limit := rapid.IntRange(0, 20).Draw(rt, "limit")
		if limit > 0 {
			want = want[:min(limit, len(want))]
		}
		if diff := cmp.Diff(want, snaptest.List(t, file, filter, limit)); diff != "" {
			rt.Errorf("%+v (-scan +index):\n%s", filter, diff)
		}
	})
}

// contains reports whether value is one of values, or there are none.
func contains(values []string, value string) bool {
	equal := func(v string) bool { return feedback.Fold(v) == feedback.Fold(value) }
	return len(values) == 0 || slices.ContainsFunc(values, equal)
}

func TestEmptySnapshot(t *testing.T) {
	t.Parallel()
	file := snaptest.New(t, nil)
	filter := feedback.Filter{Any: snaptest.Any{"team": {"a"}}}
	n, err := snaptest.Count(t.Context(), file, filter)
	if file.Records() != 0 || n != 0 || err != nil ||
		len(snaptest.List(t, file, feedback.Filter{}, 0)) != 0 || len(snaptest.IDs(t, file)) != 0 {
		t.Errorf("it has %d records, counts %d, %v", file.Records(), n, err)
	}
}

func TestQueriesStopWithContext(t *testing.T) {
	t.Parallel()
	file := snaptest.New(t, snaptest.Cells{"a": snaptest.Early, "b": snaptest.Late})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, detail := file.Detail(ctx, "a")
	_, count := snaptest.Count(ctx, file, feedback.Filter{Any: snaptest.Any{"team": {"a"}}})
	_, _, body := file.Body(ctx, snapshot.Gzip)
	errs := map[string]error{
		"detail": detail, "count": count, "body": body, "summaries": nil, "sources": nil,
	}
	for _, errs["summaries"] = range file.Summaries(ctx, []uint32{1, 2}) {
	}
	for _, errs["sources"] = range snaptest.Originals(t, file).All(ctx) {
	}
	for what, err := range errs {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A caller that stops iterating frees its connection: there are only four.
func TestStoppedIterationFreesConnection(t *testing.T) {
	t.Parallel()
	file := snaptest.New(t, snaptest.Cells{"a": snaptest.Early, "b": snaptest.Late})
	source := snaptest.Originals(t, file)
	for range 20 {
		for range file.Summaries(t.Context(), []uint32{1, 2}) {
			break
		}
		for range source.All(t.Context()) {
			break
		}
	}
	if got := snaptest.IDs(t, file); len(got) != 2 {
		t.Errorf("the ids are %v", got)
	}
}
