package formula

import (
	"math"
	"strings"
	"time"
)

// Row is one record as a formula sees it. Values are nil for blank, float64, string,
// [time.Time] or [Error], and no others.
type Row struct {
	ID       string
	Created  time.Time
	Modified time.Time // zero if never edited since its creation
	Now      time.Time
	Cell     func(key string) any // by the keys passed to [Parse]
	Reading  Reading
}

// Reading is one way to read what Airtable's documentation of formulas leaves open. Each
// field departs from the zero Reading in one point.
type Reading struct {
	// BlankDates makes the comparison of a blank date #ERROR!; otherwise it is false.
	BlankDates bool
	// DecidedDespiteErrors lets one true argument decide OR, and one false argument AND,
	// even if others are errors; otherwise any error makes the result #ERROR!.
	DecidedDespiteErrors bool
	// Unedited is LAST_MODIFIED_TIME() of a record that was never edited.
	Unedited Unedited
}

// Unedited is what LAST_MODIFIED_TIME() is for a record that was never edited.
type Unedited int

// The values of LAST_MODIFIED_TIME() for a record that was never edited.
const (
	UneditedBlank   Unedited = iota
	UneditedError            // #ERROR!
	UneditedCreated          // CREATED_TIME()
)

// Readings returns every Reading.
func Readings() (all []Reading) {
	for _, blank := range []bool{false, true} {
		for _, decided := range []bool{false, true} {
			for _, unedited := range []Unedited{UneditedBlank, UneditedError, UneditedCreated} {
				all = append(all, Reading{blank, decided, unedited})
			}
		}
	}
	return all
}

// Eval evaluates the formula for one row. The result is a value as in [Row].
func (f *Formula) Eval(row *Row) any { return f.root.eval(row) }

// Keeps reports whether a listing filtered by the formula contains the row: unless the
// result is blank, 0, "", NaN or #ERROR!.
func (f *Formula) Keeps(row *Row) bool { return truthy(f.Eval(row)) }

type node interface {
	eval(*Row) any
}

type literal struct{ value any }

func (n literal) eval(*Row) any { return n.value }

type cell struct{ key string }

func (n cell) eval(row *Row) any { return row.Cell(n.key) }

type call struct {
	function function
	args     []node
}

func (n call) eval(row *Row) any {
	if n.function.lazy != nil {
		return n.function.lazy(row, n.args)
	}
	values := make([]any, len(n.args))
	for i, arg := range n.args {
		values[i] = arg.eval(row)
	}
	for _, v := range values {
		if failed(v) {
			return Error{}
		}
	}
	return n.function.strict(row, values)
}

type binary struct {
	operator    string
	left, right node
}

func (n binary) eval(row *Row) any {
	a, b := n.left.eval(row), n.right.eval(row)
	if failed(a) || failed(b) {
		return Error{}
	}
	if row.Reading.BlankDates && strings.ContainsAny(n.operator, "<>") && blankDate(a, b) {
		return Error{}
	}
	switch n.operator {
	case "&":
		return written(a) + written(b)
	case "=":
		return truth(equal(a, b))
	case "!=":
		return truth(!equal(a, b))
	case "<", "<=", ">", ">=":
		return ordered(n.operator, a, b)
	}
	return arithmetic(n.operator, a, b)
}

func arithmetic(operator string, a, b any) any {
	x, okX := numeric(a)
	y, okY := numeric(b)
	if !okX || !okY {
		return Error{}
	}
	switch operator {
	case "+":
		return x + y
	case "-":
		return x - y
	case "*":
		return x * y
	}
	return x / y
}

func equal(a, b any) bool {
	if a == nil {
		a, b = b, a
	}
	if b == nil {
		return a == nil || a == "" || a == 0.0
	}
	if x, y, ok := dates(a, b); ok {
		return x.Equal(y)
	}
	return a == b
}

func ordered(operator string, a, b any) any {
	if a == nil || b == nil {
		return truth(false)
	}
	c, comparable := order(a, b)
	if !comparable {
		return Error{}
	}
	switch operator {
	case "<":
		return truth(c < 0)
	case "<=":
		return truth(c <= 0)
	case ">":
		return truth(c > 0)
	}
	return truth(c >= 0)
}

// order compares two values of one kind. With a NaN, c is NaN, so that every comparison
// is false.
func order(a, b any) (c float64, ok bool) {
	if x, y, ok := dates(a, b); ok {
		return float64(x.Compare(y)), true
	}
	switch a := a.(type) {
	case float64:
		b, ok := b.(float64)
		return sign(a, b), ok
	case string:
		b, ok := b.(string)
		return float64(strings.Compare(a, b)), ok
	}
	return 0, false
}

func sign(a, b float64) float64 {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	case a == b:
		return 0
	}
	return math.NaN()
}
