package feedback

import (
	"encoding/json"
	"slices"
	"strconv"
)

// Read returns what the fields of a key give in a record, in one form for each kind of key:
// an instant in TimeFormat, a number in its shortest form, or a text. It is "" where no
// field has a usable value, so that the record has the key's default.
func (m Mapping) Read(key string, fields map[string]json.RawMessage) string {
	c := cells{mapping: m, fields: fields}
	switch {
	case IsDate(key):
		if at, ok := c.instant(key); ok {
			return at.Format(TimeFormat)
		}
		return ""
	case key == IssueNumber:
		if number, ok := parseNumber(c.text(key)); ok {
			return string(encodeNumber(number))
		}
		return ""
	case isDuration(key):
		for _, name := range m.fields[key] {
			if number, ok := numberOf(decode(fields[name])); ok {
				return strconv.FormatFloat(number, 'g', -1, 64)
			}
		}
		return ""
	}
	return c.text(key)
}

// IsDate reports whether the value of a key is an instant.
func IsDate(key string) bool {
	return key == Created || key == ReportedOn || key == ModifiedAt
}

// IsNumber reports whether the value of a key is a number.
func IsNumber(key string) bool { return key == IssueNumber || isDuration(key) }

func isDuration(key string) bool { return slices.Contains(Durations[:], key) }
