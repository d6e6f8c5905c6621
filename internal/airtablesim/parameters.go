package airtablesim

import (
	"slices"
	"strconv"
)

// parameters are named values that are read one after another. The first error is
// recorded.
type parameters struct {
	values map[string]any // as decoded from JSON; reading a value removes it
	text   bool           // from a URL: numbers and booleans are strings
	fault  *refusal
}

// end returns the first error. A parameter that was not read is an error.
func (p *parameters) end() error {
	for name := range p.values {
		p.check(false, "unknown parameter %s", name)
	}
	if p.fault == nil {
		return nil
	}
	return p.fault
}

func (p *parameters) check(ok bool, reason string, args ...any) {
	if !ok && p.fault == nil {
		p.fault = invalid(reason, args...)
	}
}

func (p *parameters) pop(name string) (v any, given bool) {
	v, given = p.values[name]
	delete(p.values, name)
	return v, given
}

func (p *parameters) string(name string) string {
	v, given := p.pop(name)
	s, ok := v.(string)
	p.check(ok || !given, "%s: a string is expected", name)
	return s
}

func (p *parameters) bool(name string) bool {
	v, given := p.pop(name)
	if s, ok := v.(string); ok && p.text {
		parsed, err := strconv.ParseBool(s)
		p.check(err == nil, "%s: true or false is expected", name)
		return parsed
	}
	b, ok := v.(bool)
	p.check(ok || !given, "%s: true or false is expected", name)
	return b
}

// integer reads a number from 1 to most; missing is the default.
func (p *parameters) integer(name string, missing, most int) int {
	v, given := p.pop(name)
	if !given {
		return missing
	}
	if s, ok := v.(string); ok && p.text {
		n, err := strconv.Atoi(s)
		p.check(err == nil && n >= 1 && n <= most,
			"%s: a whole number from 1 to %d is expected", name, most)
		return n
	}
	n, ok := v.(float64)
	p.check(ok && n == float64(int(n)) && n >= 1 && n <= float64(most),
		"%s: a whole number from 1 to %d is expected", name, most)
	return int(n)
}

func (p *parameters) strings(name string) (texts []string) {
	v, given := p.pop(name)
	list, ok := v.([]any)
	if s, one := v.(string); one && p.text {
		list, ok = []any{s}, true
	}
	p.check(!given || ok && len(list) > 0, "%s: a list with an element is expected", name)
	for _, element := range list {
		s, ok := element.(string)
		p.check(ok, "%s: strings are expected", name)
		texts = append(texts, s)
	}
	return texts
}

func (p *parameters) orders(name string) (orders []order) {
	v, given := p.pop(name)
	list, ok := v.([]any)
	p.check(!given || ok, "%s: a list is expected", name)
	for _, element := range list {
		o, _ := element.(map[string]any)
		inner := parameters{values: o}
		by := order{inner.string("field"), false}
		direction := inner.string("direction")
		by.descending = direction == "desc"
		known := slices.Contains([]string{"", "asc", "desc"}, direction)
		p.check(inner.fault == nil && len(o) == 0 && by.field != "" && known,
			`%s: objects of field and direction ("asc", "desc") are expected`, name)
		orders = append(orders, by)
	}
	return orders
}
