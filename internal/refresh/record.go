package refresh

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"voc/internal/airtable"
	"voc/internal/feedback"
	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
)

// row returns a record as it is kept and served.
func (p plan) row(record airtable.Record) build.Row {
	named := make(cells, len(record.Fields))
	for key, value := range record.Fields {
		if name, ok := p.names[key]; ok {
			key = name
		}
		named[key] = value
	}
	return p.mapRow(record, named, named.encode())
}

// currentNames returns the name that each cell of the parent has now, by the name it had;
// "" if its field is gone. It returns nil if the schema could not be read. A cell may be
// keyed by an id: its field was created after that run had read the schema.
func (p plan) currentNames(was snapshot.Meta) map[string]string {
	if !p.schema {
		return nil
	}
	names := maps.Clone(p.names)
	for _, field := range was.Fields {
		names[field.Name] = p.names[field.ID]
	}
	return names
}

// remap maps a record of the parent again, with its cells under their current names. A
// name that the parent's schema did not have stays.
func (p plan) remap(source snapshot.Source, names map[string]string) (build.Row, error) {
	var was cells
	if err := json.Unmarshal(source.Fields, &was); err != nil {
		return build.Row{}, fmt.Errorf("map record %s again: %w", source.ID, err)
	}
	named, encoded := was, source.Fields
	if names != nil {
		named = make(cells, len(was))
		for name, value := range was {
			if current, ok := names[name]; ok {
				name = current
			}
			if name != "" {
				named[name] = value
			}
		}
		encoded = named.encode()
	}
	keyed := named // as Airtable would send them: by id, if the schema is known
	if p.schema {
		keyed = make(cells, len(named))
		for name, value := range named {
			if id, ok := p.ids[name]; ok {
				name = id
			}
			keyed[name] = value
		}
	}
	record := airtable.Record{ID: source.ID, CreatedTime: source.CreatedTime, Fields: keyed}
	return p.mapRow(record, named, encoded), nil
}

// mapRow maps a record whose cells are known by key and by name. encoded is named as JSON.
//
// The digests are SHA-256 over the record as canonical JSON (RFC 8785) of its id, its
// createdTime and its cells: one over the cells that people fill, one over the computed
// ones. Neither the order of keys nor an attachment's URL, which Airtable makes anew for
// each response, looks like an edit. Cells are keyed as they were requested: by id, a
// rename is not an edit either.
func (p plan) mapRow(record airtable.Record, named cells, encoded []byte) build.Row {
	entered, computed := cells{}, cells{}
	for key, value := range record.Fields {
		if p.computed[key] {
			computed[key] = canonical(value)
		} else {
			entered[key] = canonical(value)
		}
	}
	// Without the table's id, which only the schema has, the base is as near as a link gets.
	url := "https://airtable.com/" + p.base
	if p.tableID != "" {
		url += "/" + p.tableID + "/" + record.ID
	}
	mapped, shown := p.screen.Map(feedback.Record{
		ID: record.ID, CreatedTime: record.CreatedTime, Fields: named,
	})
	var visible []byte // nil: all
	if len(shown) < len(named) {
		visible = cells(shown).encode()
	}
	return build.Row{
		Feedback: mapped,
		Source: snapshot.Source{
			ID: record.ID, CreatedTime: record.CreatedTime, Fields: encoded,
			Digest: digest(record, entered), Computed: digest(record, computed),
		},
		Cells: named,
		Shown: visible,
		URL:   url,
	}
}

// digest returns the SHA-256 of a record that has the given canonical cells.
func digest(record airtable.Record, fields cells) []byte {
	created, _ := json.Marshal(record.CreatedTime.UTC())
	id, _ := jsontext.AppendQuote(nil, record.ID) // it replaces what is not UTF-8
	sum := sha256.Sum256(cells{"id": id, "createdTime": created, "fields": fields.encode()}.encode())
	return sum[:]
}

// schemaDigest returns the SHA-256 of the table's fields by id: their names, types and
// options. It is "" if the schema could not be read.
func (p plan) schemaDigest() string {
	if !p.schema {
		return ""
	}
	fields := cells{}
	for _, field := range p.fields {
		if text, err := json.Marshal(field); err == nil {
			fields[field.ID] = canonical(text)
		}
	}
	sum := sha256.Sum256(fields.encode())
	return hex.EncodeToString(sum[:])
}

// canonical returns a value as RFC 8785 writes it, without what changes from read to read.
// It returns the bytes of a value that RFC 8785 does not cover as they are.
func canonical(value json.RawMessage) []byte {
	text := jsontext.Value(stable(value))
	plain := bytes.Clone(text)
	if text.Canonicalize() != nil {
		return plain
	}
	return text
}

// stable returns a copy of a value in which attachments have only the keys that are the
// same at each read.
func stable(value json.RawMessage) []byte {
	var list []json.RawMessage
	if !bytes.Contains(value, []byte(`"att`)) || !bytes.Contains(value, []byte(`"url"`)) ||
		json.Unmarshal(value, &list) != nil {
		return bytes.Clone(value)
	}
	elements := make([][]byte, len(list))
	for i, element := range list {
		elements[i] = element
		var attachment cells
		if json.Unmarshal(element, &attachment) != nil ||
			!bytes.HasPrefix(attachment["id"], []byte(`"att`)) {
			continue
		}
		maps.DeleteFunc(attachment, func(key string, _ json.RawMessage) bool {
			return !slices.Contains([]string{"id", "filename", "size", "type"}, key)
		})
		elements[i] = attachment.encode()
	}
	return slices.Concat([]byte("["), bytes.Join(elements, []byte(",")), []byte("]"))
}

// cells of a record, by field name or id.
type cells map[string]json.RawMessage

// encode returns the cells as a JSON object, sorted by key, each value to the byte as
// Airtable sent it.
func (c cells) encode() []byte {
	out := []byte{'{'}
	for i, name := range slices.Sorted(maps.Keys(c)) {
		if i > 0 {
			out = append(out, ',')
		}
		quoted, _ := jsontext.AppendQuote(nil, name) // it replaces what is not UTF-8
		out = append(append(out, quoted...), ':')
		out = append(out, c[name]...)
	}
	out = append(out, '}')
	if !utf8.Valid(out) {
		return bytes.ToValidUTF8(out, []byte("\uFFFD"))
	}
	return out
}
