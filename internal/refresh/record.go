package refresh

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"voc/internal/airtable"
	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
)

// cells of a record, by field name.
type cells map[string]json.RawMessage

// encode writes the cells as a JSON object, sorted by name, each value to the byte as Airtable sent it.
func (c cells) encode() []byte {
	out := []byte{'{'}
	for i, name := range slices.Sorted(maps.Keys(c)) {
		if i > 0 {
			out = append(out, ',')
		}
		quoted, _ := jsontext.AppendQuote(nil, name) // an error says that the name was no UTF-8, and was mended
		out = append(append(out, quoted...), ':')
		out = append(out, c[name]...)
	}
	out = append(out, '}')
	if !utf8.Valid(out) {
		return bytes.ToValidUTF8(out, []byte("\uFFFD"))
	}
	return out
}

// renamed maps a kept record again, with its cells under the names that the base has now.
func (r *run) renamed(source snapshot.Source, now map[string]string) (build.Row, error) {
	var was, named cells
	if err := json.Unmarshal(source.Fields, &was); err != nil {
		return build.Row{}, err
	}
	named = was
	if now != nil {
		named = make(cells, len(was))
		for name, value := range was {
			if name = nowOr(now, name); name != "" {
				named[name] = value
			}
		}
		source.Fields = named.encode()
	}
	source.Digest, source.Computed = r.plan.digests(airtable.Record{ID: source.ID, CreatedTime: source.CreatedTime, Fields: r.plan.keyed(named)})
	return r.mapped(source, named), nil
}

// keyed gives the cells the keys that Airtable would answer with: ids, where the schema is known.
func (p plan) keyed(named cells) cells {
	if !p.known {
		return named
	}
	keyed := make(cells, len(named))
	for name, value := range named {
		if id, ok := p.ids[name]; ok {
			name = id
		}
		keyed[name] = value
	}
	return keyed
}

// nowOr keeps a name that the parent's schema did not know.
func nowOr(now map[string]string, name string) string {
	if current, ok := now[name]; ok {
		return current
	}
	return name
}

// digests are SHA-256 over a record as canonical JSON (RFC 8785) of its id, its createdTime and its cells: first those that people fill, then those that Airtable works
// out. So neither the order of keys nor an attachment's URL, which Airtable makes anew for each answer, looks like an edit. Cells are keyed as they were asked for: by
// id, where a rename is none either.
func (p plan) digests(record airtable.Record) (content, computed []byte) {
	content = digest(record, func(key string) bool { return !p.computed[key] })
	return content, digest(record, func(key string) bool { return p.computed[key] })
}

func digest(record airtable.Record, counts func(key string) bool) []byte {
	created, _ := json.Marshal(record.CreatedTime.UTC())
	fields := cells{}
	for key, value := range record.Fields {
		if counts(key) {
			fields[key] = canonical(value)
		}
	}
	id, _ := jsontext.AppendQuote(nil, record.ID) // an error says that it was no UTF-8, and was mended
	sum := sha256.Sum256(cells{"id": id, "createdTime": created, "fields": fields.encode()}.encode())
	return sum[:]
}

func canonical(value json.RawMessage) []byte {
	text := jsontext.Value(lasting(value))
	plain := bytes.Clone(text)
	if text.Canonicalize() != nil { // no JSON that RFC 8785 knows; its bytes will do
		return plain
	}
	return text
}

// lasting keeps of attachments what stays the same from read to read. Other values are only copied.
func lasting(value json.RawMessage) []byte {
	var list []json.RawMessage
	if !bytes.Contains(value, []byte(`"att`)) || !bytes.Contains(value, []byte(`"url"`)) || json.Unmarshal(value, &list) != nil {
		return bytes.Clone(value)
	}
	for i, element := range list {
		var attachment map[string]json.RawMessage
		if json.Unmarshal(element, &attachment) != nil || !bytes.HasPrefix(attachment["id"], []byte(`"att`)) {
			continue
		}
		maps.DeleteFunc(attachment, func(key string, _ json.RawMessage) bool {
			return !slices.Contains([]string{"id", "filename", "size", "type"}, key)
		})
		list[i] = cells(attachment).encode()
	}
	return slices.Concat([]byte("["), bytes.Join(rawBytes(list), []byte(",")), []byte("]"))
}

func rawBytes(list []json.RawMessage) [][]byte {
	all := make([][]byte, len(list))
	for i, element := range list {
		all[i] = element
	}
	return all
}

// schemaDigest is over the table's fields, by id: their names, types and options.
func (p plan) schemaDigest() string {
	if !p.known {
		return ""
	}
	fields := cells{}
	for _, field := range p.fields {
		text, err := json.Marshal(field)
		if err == nil {
			fields[field.ID] = canonical(text)
		}
	}
	digest := sha256.Sum256(fields.encode())
	return hex.EncodeToString(digest[:])
}
