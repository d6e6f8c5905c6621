package airtablesim

// list returns one page of a listing.
func (s *Server) list(req *request) ([]byte, error) {
	q := &req.query
	if !s.table.has(req.table) {
		return nil, errNoModel
	}
	rows, err := s.bind(q)
	if err != nil {
		return nil, err
	}
	fields, err := s.projection(q.fields)
	if err != nil {
		return nil, err
	}
	it, at, err := s.resume(q)
	if err != nil {
		return nil, err
	}
	if q.first || !s.cfg.Freeze && it.version != s.table.version {
		it.ids, it.version = rows.ids(), s.table.version
	}
	end := at.start + q.pageSize
	offset := ""
	if end < len(it.ids) {
		s.expire()
		offset = s.issueOffset(it, place{end, at.page + 1})
	}
	body := s.pageBody(q, fields, it.slice(at.start, end), offset)
	if s.cfg.PageBytes > 0 && len(body) > s.cfg.PageBytes {
		return nil, errLargePage
	}
	return body, nil
}

// projection returns the fields of a listing, in the order of the table.
func (s *Server) projection(names []string) ([]*field, error) {
	if names == nil {
		return s.table.fields, nil
	}
	wanted := map[*field]bool{}
	for _, name := range names {
		f := s.table.field(name)
		if f == nil {
			return nil, unknownField(name)
		}
		wanted[f] = true
	}
	var fields []*field
	for _, f := range s.table.fields {
		if wanted[f] {
			fields = append(fields, f)
		}
	}
	return fields, nil
}

// pageBody returns the body of a page. A frozen listing skips records that were deleted.
func (s *Server) pageBody(q *listQuery, fields []*field, ids []string, offset string) []byte {
	labels := labelsOf(fields, q.byFieldID)
	b := []byte(`{"records":[`)
	n := 0
	for _, id := range ids {
		r := s.table.records[id]
		if r == nil {
			continue
		}
		if n++; n > 1 {
			b = append(b, ',')
		}
		b = r.appendJSON(b, labels)
		if q.comments {
			b = append(b[:len(b)-1], `,"commentCount":0}`...)
		}
	}
	b = append(b, ']')
	if offset != "" {
		b = append(b, `,"offset":"`+offset+`"`...)
	}
	s.counters.Pages++
	s.counters.Records += n
	return append(b, '}')
}

// label is a field with its key in responses, as JSON.
type label struct {
	*field
	key []byte
}

func labelsOf(fields []*field, byID bool) []label {
	labels := make([]label, len(fields))
	for i, f := range fields {
		key := f.name
		if byID {
			key = f.id
		}
		labels[i] = label{f, encode(key)}
	}
	return labels
}

// appendJSON appends a record as responses have it, without empty cells.
func (r *record) appendJSON(b []byte, labels []label) []byte {
	b = append(b, `{"id":`...)
	b = append(b, encode(r.id)...)
	b = append(b, `,"createdTime":"`+stamp(r.created)+`","fields":{`...)
	first := true
	for _, l := range labels {
		c, ok := r.cell(l.field)
		if !ok {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(append(append(b, l.key...), ':'), c.json...)
	}
	return append(b, "}}"...)
}
