package formula

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Error is the value #ERROR!.
type Error struct{}

// FromJSON returns the value of a cell in Airtable's responses: true is 1, a list the
// texts of its elements joined with ", ", a collaborator the name or else the email,
// {"specialValue": "NaN"} the number. Other objects, including {"error": …}, are [Error];
// "", [], false and nil are blank. Dates stay text, since only the type of the field
// identifies them.
func FromJSON(cell any) any {
	switch v := cell.(type) {
	case float64:
		return v
	case string:
		if v != "" {
			return v
		}
	case bool:
		if v {
			return 1.0
		}
	case []any:
		return joined(v)
	case map[string]any:
		return object(v)
	}
	return nil
}

func joined(elements []any) any {
	texts := make([]string, len(elements))
	for i, element := range elements {
		v := FromJSON(element)
		if failed(v) {
			return v
		}
		texts[i] = written(v)
	}
	if text := strings.Join(texts, ", "); text != "" {
		return text
	}
	return nil
}

var specials = map[string]float64{
	"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1),
}

func object(o map[string]any) any {
	if special, ok := o["specialValue"].(string); ok {
		if n, ok := specials[special]; ok {
			return n
		}
	}
	for _, key := range []string{"name", "email"} {
		if s, ok := o[key].(string); ok && s != "" {
			return s
		}
	}
	return Error{}
}

func failed(v any) bool { return v == Error{} }

func truthy(v any) bool {
	switch v := v.(type) {
	case nil, Error:
		return false
	case float64:
		return v != 0 && !math.IsNaN(v)
	case string:
		return v != ""
	}
	return true
}

func falsy(v any) bool { return !truthy(v) }

// truth returns a truth value of formulas, 1 or 0.
func truth(b bool) any {
	if b {
		return 1.0
	}
	return 0.0
}

// written returns a value as text, as & joins it.
func written(v any) string {
	switch v := v.(type) {
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case string:
		return v
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return ""
}

// numeric returns a value as a number; blank is 0.
func numeric(v any) (float64, bool) {
	if v == nil {
		return 0, true
	}
	n, ok := v.(float64)
	return n, ok
}
