package build_test

import (
	"database/sql"
	"encoding/json"
	"fmt"

	"voc/internal/feedback"
	"voc/internal/snapshot"
	"voc/internal/snapshot/snaptest"
)

// answers are all results of a snapshot.
type answers struct {
	IDs     []string
	List    string
	Details map[string]string
	Weeks   []week
	Pages   map[string][]string // ids, by filter and order
	Facets  map[string]string   // by filter
	Reports map[string]string
	Scores  map[string]map[string]float64 // of bm25, by search and id
	Sources []snapshot.Source
}

// everything reads all results of a snapshot of drawn records.
func everything(t snaptest.T, sealed snapshot.Sealed) answers {
	t.Helper()
	file := snaptest.Open(t, sealed)
	db := snaptest.Connect(t, file.Path(snapshot.Serve))
	all := answers{IDs: snaptest.IDs(t, file), List: snaptest.WholeList(t, file), Weeks: weeks(t, db),
		Details: map[string]string{}, Pages: map[string][]string{}, Facets: map[string]string{},
		Reports: reports(t, file), Scores: map[string]map[string]float64{}}
	for _, word := range []string{"alpha", "alpha OR loans", "be*"} {
		all.Scores[word] = scores(t, db, word)
	}
	for encoding := range snaptest.Encodings {
		if got, err := snaptest.Body(t, file, encoding); got != all.List || err != nil {
			t.Errorf("%s: %d bytes, %v, want %d", encoding, len(got), err, len(all.List))
		}
	}
	for _, id := range all.IDs {
		all.Details[id] = snaptest.Detail(t, file, id)
	}
	for source, err := range snaptest.Originals(t, file).All(t.Context()) {
		snaptest.Check(t, err)
		all.Sources = append(all.Sources, source)
	}
	for name, filter := range filters(t) {
		counts, err := file.Facets(t.Context(), filter)
		snaptest.Check(t, err)
		all.Facets[name] = string(counts)
		sorts := []feedback.Sort{feedback.Newest} // the orders are the same for all filters
		switch {
		case filter.Text != nil:
			sorts = append(sorts, feedback.Relevance)
		case len(filter.Any) == 0:
			sorts = feedback.Sorts
		}
		for _, sort := range sorts {
			all.Pages[fmt.Sprint(name, " by ", sort)] = pages(t, file, filter, sort)
		}
	}
	return all
}

// filters are some of each kind, by name.
func filters(t snaptest.T) map[string]feedback.Filter {
	t.Helper()
	all := map[string]feedback.Filter{"all": {}}
	for property, values := range map[string][]string{
		feedback.Team: {"core"}, feedback.Status: {"new"}, feedback.Environment: {"x"},
		feedback.Area: {"loans"}, feedback.Priority: {"high"},
	} {
		for _, value := range values {
			all[property+" "+value] = feedback.Filter{Any: snaptest.Any{property: {value}}}
		}
	}
	for _, q := range []string{"alpha", "gamma alpha", "日本", "loans", "al*"} {
		text, err := feedback.ParseText(q)
		snaptest.Check(t, err)
		all["q "+q] = feedback.Filter{Text: text}
	}
	return all
}

// pages reads the ids that match in an order, page by page.
func pages(
	t snaptest.T, file *snaptest.Snapshot, filter feedback.Filter, sort feedback.Sort,
) []string {
	t.Helper()
	selection, err := file.Select(t.Context(), filter)
	snaptest.Check(t, err)
	ids := []string{}
	for page := (snapshot.Page{More: true}); page.More; {
		page, err = selection.Page(t.Context(), sort, page.Last, 100)
		snaptest.Check(t, err)
		for summary, err := range file.Summaries(t.Context(), page.Positions) {
			snaptest.Check(t, err)
			var record struct{ ID string }
			snaptest.Check(t, json.Unmarshal(summary, &record))
			ids = append(ids, record.ID)
		}
	}
	return ids
}

// scores weighs what a search finds.
func scores(t snaptest.T, db *sql.DB, match string) map[string]float64 {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT json ->> 'id', bm25(search)
		FROM search JOIN summary ON pos = search.rowid WHERE search MATCH ?`, match)
	snaptest.Check(t, err)
	defer rows.Close()
	all := map[string]float64{}
	for rows.Next() {
		var id string
		var score float64
		snaptest.Check(t, rows.Scan(&id, &score))
		all[id] = score
	}
	snaptest.Check(t, rows.Err())
	return all
}

// reports reads every report, by name.
func reports(t snaptest.T, file *snaptest.Snapshot) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range []snapshot.Name{
		snapshot.FacetsReport, snapshot.TimesReport, snapshot.PlacesReport, snapshot.PulseReport,
	} {
		for _, accepted := range [][]snapshot.Encoding{nil, {snapshot.Gzip}, {snapshot.Brotli}} {
			body, encoding, err := file.Report(t.Context(), name, accepted)
			snaptest.Check(t, err)
			all[fmt.Sprint(name, " ", accepted, encoding)] = string(body)
		}
	}
	for _, by := range feedback.TrendProperties {
		trends, err := file.Trends(t.Context(), by, 12)
		snaptest.Check(t, err)
		all["trends "+by] = string(trends)
	}
	movers, err := file.Movers(t.Context(), nil)
	snaptest.Check(t, err)
	times, err := file.ResponseTimes(t.Context(), drawnPlaces)
	snaptest.Check(t, err)
	counts, err := file.ResponseCounts(t.Context(), nil)
	snaptest.Check(t, err)
	all["movers"], all["times"], all["counts"] = string(movers), string(times), string(counts)
	return all
}
