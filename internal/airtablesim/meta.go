package airtablesim

func (s *Server) whoami(*request) ([]byte, error) {
	return encode(map[string]string{"id": ident("usr", s.base.id)}), nil
}

func (s *Server) bases(req *request) ([]byte, error) {
	for name := range req.URL.Query() {
		return nil, invalid("unknown parameter %s", name)
	}
	base := map[string]string{"id": s.base.id, "name": baseName, "permissionLevel": "create"}
	return encode(map[string]any{"bases": []any{base}}), nil
}

type tableSchema struct {
	ID      string        `json:"id"`
	Name    string        `json:"name"`
	Primary string        `json:"primaryFieldId"`
	Fields  []fieldSchema `json:"fields"`
	Views   []viewSchema  `json:"views"`
}

type fieldSchema struct {
	ID      string `json:"id,omitempty"`
	Name    string `json:"name,omitempty"`
	Type    string `json:"type"`
	Options any    `json:"options,omitempty"`
}

type viewSchema struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Visible []string `json:"visibleFieldIds,omitempty"`
}

func (s *Server) schema(req *request) ([]byte, error) {
	p := parameters{text: true}
	var err error
	if p.values, err = fromURL(req.URL.RawQuery); err != nil {
		return nil, err
	}
	view := viewSchema{ID: s.table.viewID(), Name: gridView, Type: "grid"}
	for _, include := range p.strings("include") {
		p.check(include == "visibleFieldIds", "include: only visibleFieldIds")
		for _, f := range s.table.fields {
			view.Visible = append(view.Visible, f.id)
		}
	}
	t := tableSchema{ID: s.table.id, Name: s.table.name, Views: []viewSchema{view}}
	for _, f := range s.table.fields {
		t.Fields = append(t.Fields, fieldSchema{f.id, f.name, f.kind, f.options()})
	}
	if len(s.table.fields) > 0 {
		t.Primary = s.table.fields[0].id
	}
	return encode(map[string]any{"tables": []tableSchema{t}}), p.end()
}

func (t *table) viewID() string { return ident("viw", t.id) }

// options returns the options of a field in Airtable's field model, or nil.
func (f *field) options() any {
	type object = map[string]any
	date := object{"name": "iso", "format": "YYYY-MM-DD"}
	clock := object{"name": "24hour", "format": "HH:mm"}
	instant := object{"dateFormat": date, "timeFormat": clock, "timeZone": "utc"}
	switch f.kind {
	case "number":
		return object{"precision": f.precision}
	case "checkbox":
		return object{"icon": "check", "color": "greenBright"}
	case "date":
		return object{"dateFormat": date}
	case "dateTime":
		return instant
	case "createdTime", "lastModifiedTime":
		result := fieldSchema{Type: "dateTime", Options: instant}
		return object{"isValid": true, "referencedFieldIds": []string{}, "result": result}
	case "singleSelect", "multipleSelects":
		return object{"choices": f.choiceOptions()}
	case "formula":
		return object{"isValid": f.result != nil, "formula": f.formula,
			"referencedFieldIds": []string{}, "result": f.resultSchema()}
	case "multipleLookupValues":
		return object{"isValid": false, "result": nil}
	}
	return nil
}

func (f *field) resultSchema() any {
	if f.result == nil {
		return nil
	}
	return fieldSchema{Type: f.result.kind, Options: f.result.options()}
}

func (f *field) choiceOptions() []map[string]string {
	choices := []map[string]string{}
	for _, name := range f.choices {
		id := ident("sel", f.id, name)
		choices = append(choices, map[string]string{"id": id, "name": name, "color": "blueLight2"})
	}
	return choices
}
