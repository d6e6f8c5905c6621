package airtablesim

// listQuery is what a listing asks for.
type listQuery struct {
	pageSize   int
	maxRecords int // 0: no bound
	offset     string
	first      bool // there was no offset
	view       string
	formula    string
	sort       []order
	fields     []string // nil: all
	byFieldID  bool
	comments   bool
}

// order is one field to sort by.
type order struct {
	field      string
	descending bool
}

const maxPage = 100

// readListQuery reads the parameters of a listing, from the URL of a GET or the
// body of a POST, whose URL is not looked at: an offset there is ignored, as
// pyairtable found of Airtable.
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
		pageSize:   p.integer("pageSize", maxPage, maxPage),
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
		"timeZone", "userLocale", // they act on cellFormat string alone
		"method", // airtable.js sends along how it calls
	} {
		p.string(idle)
	}
	p.bool("includeDateDependencyMetadata") // no table here has any
	return q, p.end()
}
