package feedback

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Filled reports whether a cell has a value. The objects that Airtable sends for a value
// that it could not compute, and an AI field that has none yet, do not count.
func Filled(raw json.RawMessage) bool {
	switch { // nearly every cell, without decoding it
	case len(raw) > 2 && raw[0] == '"':
		if raw[1] > ' ' && raw[1] != '\\' && raw[1] < utf8.RuneSelf {
			return true
		}
	case len(raw) > 0 && raw[0] >= '1' && raw[0] <= '9', string(raw) == "true":
		return json.Valid(raw)
	}
	return filled(decode(raw))
}

func filled(value any) bool {
	switch v := value.(type) {
	case string:
		return !blank(v)
	case bool:
		return v
	case []any:
		return slices.ContainsFunc(v, filled)
	case map[string]any:
		_, isAI := v["state"]
		return !isFault(v) && (!isAI || filled(v["value"]))
	}
	return value != nil
}

// isFault reports whether Airtable sent an object in place of a value that it could not
// compute.
func isFault(object map[string]any) bool {
	return object["error"] != nil || object["specialValue"] != nil
}

// decode decodes one cell; it returns nil for invalid JSON. Numbers stay text, so that a
// number beyond a float64 invalidates only itself, not the list around it.
func decode(raw json.RawMessage) any {
	if len(raw) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return nil
	}
	return value
}

// textOf returns the contract's "text of a value"; "" means absent.
func textOf(value any) string {
	switch v := value.(type) {
	case string:
		if !blank(v) {
			return v
		}
	case json.Number:
		if f, err := v.Float64(); err == nil {
			return string(encodeNumber(f))
		}
	case bool:
		if v {
			return "true"
		}
	case []any:
		return strings.Join(textsOf(v), ", ")
	case map[string]any:
		return textOfObject(v)
	}
	return ""
}

// textOfObject returns what people see of a value that Airtable sends as an object: the name
// of a collaborator or of a choice, the value of an AI field, the text of a barcode, the
// values of a lookup by linked record.
func textOfObject(object map[string]any) string {
	if isFault(object) {
		return ""
	}
	for _, key := range []string{"name", "email"} {
		if text, ok := object[key].(string); ok && !blank(text) {
			return text
		}
	}
	for _, key := range []string{"value", "text"} {
		if text := textOf(object[key]); text != "" {
			return text
		}
	}
	byRecord, _ := object["valuesByLinkedRecordId"].(map[string]any)
	ids, _ := object["linkedRecordIds"].([]any)
	var values []any
	for _, id := range ids {
		if id, ok := id.(string); ok {
			values = append(values, byRecord[id])
		}
	}
	return textOf(values)
}

// numberOf returns the number in a cell. A list of one number, which a lookup of a number
// is, is that number; text is none.
func numberOf(value any) (float64, bool) {
	switch v := value.(type) {
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	case []any:
		if v = slices.DeleteFunc(v, func(element any) bool { return element == nil }); len(v) == 1 {
			return numberOf(v[0])
		}
	}
	return 0, false
}

// textsOf returns the texts of a list's elements without absent ones. Any other value
// counts as a list of one: a string is never split.
func textsOf(value any) []string {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	var texts []string
	for _, element := range list {
		if t := textOf(element); t != "" {
			texts = append(texts, t)
		}
	}
	return texts
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// encodeNumber writes a number as JavaScript does, like Airtable's own clients. It
// returns nil for NaN and infinities.
func encodeNumber(f float64) json.RawMessage {
	if f == 0 {
		return json.RawMessage("0") // -0 too
	}
	encoded, err := json.Marshal(f)
	if err != nil {
		return nil
	}
	return encoded
}

// parseNumber parses the text of a cell as a number. It checks the alphabet first because
// ParseFloat also accepts hexadecimal, "inf" and "1_000".
func parseNumber(t string) (float64, bool) {
	t = strings.TrimSpace(t)
	if t == "" || strings.Trim(t, "0123456789+-.eE") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(t, 64)
	return f, err == nil
}

// layouts are the accepted forms of a date. None has a fraction of a second: time.Parse
// accepts one after any seconds.
var layouts = []string{
	time.RFC3339,
	"2006-01-02",
	"2006-01-02T15:04:05",
	"2006-01-02T15:04Z07:00",
	"2006-01-02T15:04",
	"2006-01-02T15:04:05Z0700",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05",
	"2006-01-02 15:04",
}

// parseInstant parses a date with or without a time; the zone defaults to UTC. It rejects
// instants whose year in UTC does not have four digits.
func parseInstant(t string) (time.Time, bool) {
	t = strings.TrimSpace(t)
	for _, layout := range layouts {
		at, err := time.Parse(layout, t)
		if err != nil {
			continue
		}
		at = at.UTC().Truncate(time.Millisecond)
		return at, at.Year() >= 1 && at.Year() <= 9999
	}
	return time.Time{}, false
}

// monday returns the first day of the week of an instant in UTC, as YYYY-MM-DD.
func monday(at time.Time) string {
	sinceMonday := (int(at.Weekday()) + 6) % 7
	return at.AddDate(0, 0, -sinceMonday).Format(time.DateOnly)
}
