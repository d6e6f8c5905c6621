package airtablesim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// maxBatch is how many records a call may write or delete.
const maxBatch = 10

// write is the body of a call that creates or updates one record or several.
type write struct {
	Fields    map[string]any  `json:"fields"`
	Records   []writeRow      `json:"records"`
	Typecast  bool            `json:"typecast"`
	ByFieldID bool            `json:"returnFieldsByFieldId"`
	Upsert    json.RawMessage `json:"performUpsert"`
}

type writeRow struct {
	ID     string         `json:"id"`
	Fields map[string]any `json:"fields"`
}

func (s *Server) readWrite(req *request) (w write, err error) {
	if !s.table.has(req.table) {
		return w, errNoModel
	}
	if err := decodeBody(req.body, &w); err != nil {
		return w, err
	}
	switch {
	case w.Typecast:
		return w, invalid("the emulator does no typecast")
	case w.Upsert != nil:
		return w, invalid("the emulator does no performUpsert")
	case (w.Records == nil) == (w.Fields == nil):
		return w, invalid("either fields or records are expected")
	case w.Records != nil && (len(w.Records) == 0 || len(w.Records) > maxBatch):
		return w, badRecords("record objects")
	}
	return w, nil
}

func badRecords(what string) *refusal {
	return &refusal{status: 422, kind: "INVALID_RECORDS",
		message: fmt.Sprintf("You must provide an array of up to %d %s.", maxBatch, what)}
}

func noRow(id string) *refusal {
	return &refusal{status: 422, kind: "ROW_DOES_NOT_EXIST",
		message: "Record ID " + id + " does not exist"}
}

func (s *Server) read(req *request) ([]byte, error) {
	r, err := s.record(req)
	if err != nil {
		return nil, err
	}
	p := parameters{text: true}
	if p.values, err = fromURL(req.URL.RawQuery); err != nil {
		return nil, err
	}
	labels := labelsOf(s.table.fields, p.bool("returnFieldsByFieldId"))
	return r.appendJSON(nil, labels), p.end()
}

// record returns the record that the path names.
func (s *Server) record(req *request) (*record, error) {
	if !s.table.has(req.table) {
		return nil, errNoModel
	}
	if r := s.table.records[req.record]; r != nil {
		return r, nil
	}
	return nil, errNoRecord
}

func (s *Server) create(req *request) ([]byte, error) {
	w, err := s.readWrite(req)
	if err != nil {
		return nil, err
	}
	single := w.Records == nil
	if single {
		w.Records = []writeRow{{Fields: w.Fields}}
	}
	var made []*record
	for _, row := range w.Records {
		cells, err := s.accept(row.Fields)
		if err != nil {
			return nil, err
		}
		r := &record{id: s.newID("rec"), created: s.now()}
		made = append(made, r.with(cells))
	}
	return s.store(made, w.ByFieldID, single), nil
}

func (s *Server) update(req *request) ([]byte, error) {
	w, err := s.readWrite(req)
	if err != nil {
		return nil, err
	}
	if w.Records == nil {
		return nil, badRecords("record objects with an id")
	}
	return s.revise(req, w, false)
}

func (s *Server) updateOne(req *request) ([]byte, error) {
	if _, err := s.record(req); err != nil {
		return nil, err
	}
	w, err := s.readWrite(req)
	if err != nil {
		return nil, err
	}
	if w.Fields == nil {
		return nil, invalid("fields are expected")
	}
	w.Records = []writeRow{{req.record, w.Fields}}
	return s.revise(req, w, true)
}

// revise updates records; PUT clears the cells that it does not name.
func (s *Server) revise(req *request, w write, single bool) ([]byte, error) {
	var revised []*record
	for _, row := range w.Records {
		r := s.table.records[row.ID]
		if r == nil {
			return nil, noRow(row.ID)
		}
		cells, err := s.accept(row.Fields)
		if err != nil {
			return nil, err
		}
		if req.Method == http.MethodPut {
			r = r.with(s.cleared())
		}
		r = r.with(cells)
		r.modified = s.now()
		revised = append(revised, r)
	}
	return s.store(revised, w.ByFieldID, single), nil
}

// cleared returns empty cells for all fields that can be written.
func (s *Server) cleared() map[string]cell {
	cells := map[string]cell{}
	for _, f := range s.table.fields {
		if !f.computed() {
			cells[f.id] = cell{}
		}
	}
	return cells
}

// store stores records and returns the response with them.
func (s *Server) store(records []*record, byFieldID, single bool) []byte {
	labels := labelsOf(s.table.fields, byFieldID)
	b := []byte(`{"records":[`)
	for i, r := range records {
		s.table.put(r)
		if single {
			return r.appendJSON(nil, labels)
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = r.appendJSON(b, labels)
	}
	return append(b, "]}"...)
}

type deletion struct {
	ID      string `json:"id"`
	Deleted bool   `json:"deleted"`
}

func (s *Server) deleteOne(req *request) ([]byte, error) {
	if _, err := s.record(req); err != nil {
		return nil, err
	}
	s.table.remove(req.record)
	return encode(deletion{req.record, true}), nil
}

func (s *Server) deleteMany(req *request) ([]byte, error) {
	if !s.table.has(req.table) {
		return nil, errNoModel
	}
	p := parameters{text: true}
	var err error
	if p.values, err = fromURL(req.URL.RawQuery); err != nil {
		return nil, err
	}
	ids := p.strings("records")
	if err := p.end(); err != nil {
		return nil, err
	}
	if len(ids) == 0 || len(ids) > maxBatch {
		return nil, badRecords("record IDs")
	}
	for _, id := range ids {
		if s.table.records[id] == nil {
			return nil, noRow(id)
		}
	}
	deleted := []deletion{}
	for _, id := range ids {
		s.table.remove(id)
		deleted = append(deleted, deletion{id, true})
	}
	return encode(map[string][]deletion{"records": deleted}), nil
}

// now returns the time for records: whole seconds, the coarsest resolution known of
// Airtable.
func (s *Server) now() time.Time { return s.cfg.Clock().UTC().Truncate(time.Second) }
