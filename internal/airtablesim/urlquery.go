package airtablesim

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strconv"
)

// urlParameter is one name of a URL's query, in jQuery's forms for lists and objects:
// pageSize, fields[], fields[0], sort[0][field]. A list may also be the plain name, once
// for each element, as pyairtable sends it.
type urlParameter struct {
	name   string
	list   bool
	index  int
	key    string // of an object in the list
	values []string
}

var parameterShape = regexp.MustCompile(`^(\w+)(?:(\[(\d{0,4})\])(?:\[(\w+)\])?)?$`)

// fromURL parses a URL's query into the form that the parameters have in JSON, with
// strings for all leaves.
func fromURL(query string) (map[string]any, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, invalid("%v", err)
	}
	var parameters []urlParameter
	for name, given := range values {
		parts := parameterShape.FindStringSubmatch(name)
		if parts == nil {
			return nil, invalid("unknown parameter %s", name)
		}
		index, _ := strconv.Atoi(parts[3])
		parameters = append(parameters, urlParameter{parts[1], parts[2] != "", index, parts[4], given})
	}
	slices.SortFunc(parameters, func(a, b urlParameter) int { return cmp.Compare(a.index, b.index) })
	all := map[string]any{}
	for _, p := range parameters {
		whole, ok := p.join(all[p.name])
		if !ok {
			return nil, invalid("%s is given twice or in two ways", p.name)
		}
		all[p.name] = whole
	}
	return all, nil
}

// join adds the parameter to the value of earlier parameters with its name.
func (p urlParameter) join(before any) (whole any, ok bool) {
	list, isList := before.([]any)
	switch {
	case before != nil && !(isList && p.list):
		return nil, false
	case !p.list && len(p.values) == 1:
		return p.values[0], true
	case p.key == "":
		for _, v := range p.values {
			list = append(list, v)
		}
		return list, true
	case len(p.values) > 1 || p.index > len(list):
		return nil, false
	case p.index == len(list):
		list = append(list, map[string]any{})
	}
	object, ok := list[p.index].(map[string]any)
	if ok {
		object[p.key] = p.values[0]
	}
	return list, ok
}
