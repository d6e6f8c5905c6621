package formula

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// function is a function of the language. Strict functions receive values, none of which
// is an error; lazy functions receive their unevaluated arguments.
type function struct {
	min, max int
	strict   func(*Row, []any) any
	lazy     func(*Row, []node) any
}

// many is the maximum of functions with any number of arguments.
const many = math.MaxInt

var functions = map[string]function{
	"AND": {1, many, nil, func(row *Row, n []node) any { return logic(row, n, false) }},
	"OR":  {1, many, nil, func(row *Row, n []node) any { return logic(row, n, true) }},
	"NOT": {1, 1, func(_ *Row, v []any) any { return truth(falsy(v[0])) }, nil},
	"IF":  {2, 3, nil, choose},
	"ISERROR": {1, 1, nil, func(row *Row, n []node) any {
		return truth(failed(n[0].eval(row)))
	}},
	"ERROR": {0, 0, constant(Error{}), nil},
	"BLANK": {0, 0, constant(nil), nil},
	"TRUE":  {0, 0, constant(1.0), nil},
	"FALSE": {0, 0, constant(0.0), nil},

	"RECORD_ID":          {0, 0, func(row *Row, _ []any) any { return row.ID }, nil},
	"CREATED_TIME":       {0, 0, func(row *Row, _ []any) any { return row.Created }, nil},
	"LAST_MODIFIED_TIME": {0, 0, modified, nil},
	"NOW":                {0, 0, func(row *Row, _ []any) any { return row.Now }, nil},
	"TODAY":              {0, 0, func(row *Row, _ []any) any { return floor(row.Now, "day") }, nil},

	"YEAR":           {1, 1, part(time.Time.Year), nil},
	"MONTH":          {1, 1, part(func(t time.Time) int { return int(t.Month()) }), nil},
	"DAY":            {1, 1, part(time.Time.Day), nil},
	"IS_AFTER":       {2, 2, related(time.Time.After), nil},
	"IS_BEFORE":      {2, 2, related(time.Time.Before), nil},
	"IS_SAME":        {2, 3, same, nil},
	"DATETIME_PARSE": {1, 1, parsed, nil},
	"DATEADD":        {3, 3, added, nil},
	"DATETIME_DIFF":  {2, 3, difference, nil},

	"LEN":   {1, 1, func(_ *Row, v []any) any { return length(written(v[0])) }, nil},
	"LOWER": {1, 1, onText(strings.ToLower), nil},
	"UPPER": {1, 1, onText(strings.ToUpper), nil},
	"TRIM":  {1, 1, onText(strings.TrimSpace), nil},
	"FIND": {2, 2, func(_ *Row, v []any) any {
		return place(written(v[0]), written(v[1]))
	}, nil},
	"RIGHT":  {2, 2, right, nil},
	"SEARCH": {2, 2, search, nil},
	"VALUE":  {1, 1, value, nil},
}

func constant(v any) func(*Row, []any) any { return func(*Row, []any) any { return v } }

// logic evaluates AND, which a false argument decides, and OR, which a true one decides.
func logic(row *Row, args []node, decisive bool) any {
	erroneous, decided := false, false
	for _, arg := range args {
		v := arg.eval(row)
		erroneous = erroneous || failed(v)
		decided = decided || !failed(v) && truthy(v) == decisive
	}
	if erroneous && !(decided && row.Reading.DecidedDespiteErrors) {
		return Error{}
	}
	return truth(decided == decisive)
}

func choose(row *Row, args []node) any {
	condition := args[0].eval(row)
	switch {
	case failed(condition):
		return Error{}
	case truthy(condition):
		return args[1].eval(row)
	case len(args) == 3:
		return args[2].eval(row)
	}
	return nil
}

func modified(row *Row, _ []any) any {
	switch {
	case !row.Modified.IsZero():
		return row.Modified
	case row.Reading.Unedited == UneditedError:
		return Error{}
	case row.Reading.Unedited == UneditedCreated:
		return row.Created
	}
	return nil
}

func onText(f func(string) string) func(*Row, []any) any {
	return func(_ *Row, v []any) any { return f(written(v[0])) }
}

// length counts as JavaScript does, in UTF-16 units.
func length(s string) float64 { return float64(len(utf16.Encode([]rune(s)))) }

// place returns the position of what in text, from 1, or 0.
func place(what, text string) float64 {
	before, _, found := strings.Cut(text, what)
	if !found {
		return 0
	}
	return length(before) + 1
}

// right returns the last characters of a text. How many UTF-16 units a character has there
// is not documented; record ids are ASCII.
func right(_ *Row, v []any) any {
	text := []rune(written(v[0]))
	n, ok := v[1].(float64)
	if !ok || n < 0 {
		return Error{}
	}
	return string(text[max(len(text)-int(min(n, float64(len(text)))), 0):])
}

// search ignores case, and returns blank where FIND returns 0.
func search(_ *Row, v []any) any {
	at := place(strings.ToLower(written(v[0])), strings.ToLower(written(v[1])))
	if at == 0 {
		return nil
	}
	return at
}

func value(_ *Row, v []any) any {
	if n, ok := v[0].(float64); ok {
		return n
	}
	s := strings.TrimSpace(written(v[0]))
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || strings.Trim(s, "+-.0123456789eE") != "" {
		return Error{}
	}
	return n
}
