package airtablesim

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"voc/internal/airtablesim/formula"
)

// selection is the records of a listing and their order, bound to the current schema.
type selection struct {
	table   *table
	now     time.Time
	base    []string // the ids in the order before sorting
	filter  *formula.Formula
	sort    []*field
	descend []bool
	most    int // 0 for all
	reading formula.Reading
}

// bind checks the view, formula and sort of a query against the table.
func (s *Server) bind(q *listQuery) (*selection, error) {
	t := s.table
	sel := &selection{
		table: t, now: s.cfg.Clock(), base: t.byID, most: q.maxRecords, reading: s.cfg.Reading,
	}
	switch q.view {
	case "":
	case gridView, t.viewID():
		sel.base = t.sequence
	default:
		return nil, unknownView(q.view)
	}
	if q.formula != "" {
		f, err := formula.Parse(q.formula, t.key)
		if err != nil {
			return nil, &refusal{status: 422, kind: "INVALID_FILTER_BY_FORMULA",
				message: "The formula for filtering records is invalid: " + err.Error()}
		}
		sel.filter = f
	}
	for _, by := range q.sort {
		f := t.field(by.field)
		if f == nil {
			return nil, unknownField(by.field)
		}
		sel.sort, sel.descend = append(sel.sort, f), append(sel.descend, by.descending)
	}
	return sel, nil
}

// key returns the id of a field by its name, for formulas; formulas do not accept ids.
func (t *table) key(name string) (string, bool) {
	f := t.named(name)
	if f == nil {
		return "", false
	}
	return f.id, true
}

func unknownView(view string) *refusal {
	kind := "VIEW_NAME_NOT_FOUND"
	if strings.HasPrefix(view, "viw") && len(view) == 17 {
		kind = "VIEW_ID_NOT_FOUND"
	}
	return &refusal{status: 422, kind: kind, message: "View " + view + " not found"}
}

// ids computes the selection. The slice is never changed afterwards.
func (sel *selection) ids() []string {
	ids := sel.base
	if sel.filter != nil {
		ids = sel.filtered()
	}
	if len(sel.sort) > 0 {
		ids = sel.sorted(ids)
	}
	if sel.most > 0 && sel.most < len(ids) {
		ids = ids[:sel.most]
	}
	return ids
}

func (sel *selection) filtered() (ids []string) {
	fields := map[string]*field{}
	for _, f := range sel.table.fields {
		fields[f.id] = f
	}
	var r *record
	cell := func(key string) any { return r.operand(fields[key]) }
	row := &formula.Row{Now: sel.now, Cell: cell, Reading: sel.reading}
	for _, id := range sel.base {
		r = sel.table.records[id]
		row.ID, row.Created, row.Modified = r.id, r.created, r.modified
		if sel.filter.Keeps(row) {
			ids = append(ids, id)
		}
	}
	return ids
}

type sortRow struct {
	id   string
	keys []any
}

func (sel *selection) sorted(ids []string) []string {
	rows := make([]sortRow, len(ids))
	for i, id := range ids {
		rows[i].id = id
		for _, f := range sel.sort {
			rows[i].keys = append(rows[i].keys, sel.table.records[id].sortKey(f))
		}
	}
	slices.SortStableFunc(rows, func(a, b sortRow) int {
		for i, descend := range sel.descend {
			c := compareKeys(a.keys[i], b.keys[i])
			if descend {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	sorted := make([]string, len(rows))
	for i, row := range rows {
		sorted[i] = row.id
	}
	return sorted
}

// sortKey returns the sort key of a cell: selects sort by the order of their choices,
// text without case.
func (r *record) sortKey(f *field) any {
	switch v := r.operand(f).(type) {
	case string:
		if f.kind == "singleSelect" {
			return float64(slices.Index(f.choices, v))
		}
		return strings.ToLower(v)
	case formula.Error:
		return nil
	default:
		return v
	}
}

// compareKeys orders blanks first, then numbers, times, text.
func compareKeys(a, b any) int {
	if c := cmp.Compare(keyRank(a), keyRank(b)); c != 0 {
		return c
	}
	switch a := a.(type) {
	case float64:
		return cmp.Compare(a, b.(float64))
	case time.Time:
		return a.Compare(b.(time.Time))
	case string:
		return strings.Compare(a, b.(string))
	}
	return 0
}

func keyRank(v any) int {
	switch v.(type) {
	case float64:
		return 1
	case time.Time:
		return 2
	case string:
		return 3
	}
	return 0
}
