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

// decode reads one cell. Numbers stay as text, so that a number no float can hold spoils itself alone and not the list around it.
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

// text is the contract's "text of a value"; "" means absent.
func text(value any) string {
	switch v := value.(type) {
	case string:
		if blank(v) {
			return ""
		}
		return v
	case json.Number:
		return shortest(v)
	case bool:
		if v {
			return "true"
		}
	case []any:
		return strings.Join(elements(v), ", ")
	case map[string]any:
		if name, ok := v["name"].(string); ok && !blank(name) {
			return name
		}
		if email, ok := v["email"].(string); ok && !blank(email) {
			return email
		}
	}
	return ""
}

// Filled reports whether a cell has a value. What Airtable gives where it could not compute one does
// not count.
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
		return v["error"] == nil && v["specialValue"] == nil
	}
	return value != nil
}

// elements are the texts of a list's elements; any other value is a list of itself, and a bare string is never split.
func elements(value any) []string {
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	var texts []string
	for _, element := range list {
		if t := text(element); t != "" {
			texts = append(texts, t)
		}
	}
	return texts
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// shortest writes a number as JavaScript would, which is how Airtable's own clients show it.
func shortest(n json.Number) string {
	f, err := strconv.ParseFloat(n.String(), 64)
	if err != nil {
		return ""
	}
	return string(number(f))
}

func number(f float64) json.RawMessage {
	if f == 0 {
		return json.RawMessage("0") // -0 too
	}
	written, err := json.Marshal(f)
	if err != nil { // NaN or an infinity
		return nil
	}
	return written
}

// numeric reads a number out of a cell's text. The alphabet is checked first because ParseFloat also takes hexadecimal, "inf" and "1_000".
func numeric(t string) (float64, bool) {
	t = strings.TrimSpace(t)
	if t == "" || strings.Trim(t, "0123456789+-.eE") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(t, 64)
	return f, err == nil
}

// hours reads a duration of the report, a finite JSON number. Text is no number here.
func hours(value any) (float64, bool) {
	n, ok := value.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := n.Float64()
	return f, err == nil
}

// layouts of a date that are read. Fractions of a second need none of their own: time.Parse takes them after any seconds.
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

// instant reads a date, or a date with a time, in UTC where it names no zone. What would need a year of other than four digits is unreadable.
func instant(t string) (time.Time, bool) {
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

// monday is the first day of an instant's week, both in UTC.
func monday(at time.Time) string {
	sinceMonday := (int(at.Weekday()) + 6) % 7
	return at.AddDate(0, 0, -sinceMonday).Format(time.DateOnly)
}
