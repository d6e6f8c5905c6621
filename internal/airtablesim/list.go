package airtablesim

import "voc/internal/airtable"

// listQuery holds the parameters of a listing.
type listQuery struct {
	pageSize   int
	maxRecords int // 0 for no limit
	offset     string
	first      bool // without an offset
	view       string
	formula    string
	sort       []order
	fields     []string // nil for all
	byFieldID  bool
	comments   bool
}

// order is one field to sort by.
type order struct {
	field      string
	descending bool
}

// readListQuery reads the parameters of a listing from the URL of a GET or the body of a
// POST. It ignores the URL of a POST, including an offset there, as Airtable does
// (https://github.com/gtalarico/pyairtable, 3.0.0).
func readListQuery(r *request) (listQuery, error) {
	p := parameters{text: r.Method == "GET"}
	var err error
	if p.text {
		p.values, err = fromURL(r.URL.RawQuery)
	} else {
		err = decodeBody(r.body, &p.values)
	}
	if err != nil {
		return listQuery{}, err
	}
	q := listQuery{
		pageSize:   p.integer("pageSize", airtable.PageSize, airtable.PageSize),
		maxRecords: p.integer("maxRecords", 0, 1<<31-1),
		view:       p.string("view"),
		formula:    p.string("filterByFormula"),
		sort:       p.orders("sort"),
		fields:     p.strings("fields"),
		byFieldID:  p.bool("returnFieldsByFieldId"),
	}
	_, more := p.values["offset"]
	q.first, q.offset = !more, p.string("offset")
	for _, datum := range p.strings("recordMetadata") {
		q.comments = true
		p.check(datum == "commentCount", "recordMetadata: only commentCount")
	}
	if format := p.string("cellFormat"); format != "" {
		p.check(format == "json", "the emulator knows only cellFormat json")
	}
	for _, idle := range []string{
		"timeZone", "userLocale", // they affect only cellFormat string
		"method", // sent by airtable.js
	} {
		p.string(idle)
	}
	p.bool("includeDateDependencyMetadata") // no table here has any
	return q, p.end()
}
