package apidoc

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// schema is the part of a JSON schema that the page shows.
type schema struct {
	Ref         string    `yaml:"$ref"`
	Type        yaml.Node // a text or a list of them
	Format      string
	Description string
	Examples    []yaml.Node
	Enum        []any
	Const       any
	Default     any
	Minimum     *int
	Maximum     *int
	Items       *schema
	Tuple       []*schema `yaml:"prefixItems"`
	Properties  ordered[*schema]
	AllOf       []*schema `yaml:"allOf"`
	AnyOf       []*schema `yaml:"anyOf"`
	Additional  yaml.Node `yaml:"additionalProperties"`
}

// Row describes one member of a value.
type Row struct{ Name, Type, Description string }

// Examples lists the examples of a schema.
func (d document) Examples(name string) []yaml.Node {
	return d.Components.Schemas.get(name).Examples
}

// resolve follows references.
func (d document) resolve(s *schema) *schema {
	for s.Ref != "" {
		s = d.Components.Schemas.get(path.Base(s.Ref))
	}
	return s
}

// rows lists all members of a value at any depth, with their paths after prefix.
func (d document) rows(s *schema, prefix string) (all []Row) {
	s = d.resolve(s)
	for _, part := range slices.Concat(s.AllOf, s.AnyOf) {
		all = append(all, d.rows(part, prefix)...)
	}
	if s.Items != nil {
		all = append(all, d.rows(s.Items, prefix+"[]")...)
	}
	for _, member := range s.Properties {
		name := strings.TrimPrefix(prefix+"."+member.Name, ".")
		description := cmp.Or(member.Value.Description, d.resolve(member.Value).Description)
		all = append(all, Row{name, d.typeOf(member.Value), description})
		all = append(all, d.rows(member.Value, name)...)
	}
	return all
}

// typeOf describes the type of a value in words.
func (d document) typeOf(s *schema) string {
	s = d.resolve(s)
	var words []string
	for _, option := range s.AnyOf {
		words = append(words, d.typeOf(option))
	}
	for _, name := range s.types() {
		switch {
		case len(s.AnyOf) > 0:
			continue // the options are more specific
		case name == "array" && s.Items != nil && len(s.Tuple) == 0:
			name = "list of " + d.typeOf(s.Items)
		case name == "array":
			name = "list"
		case name == "string":
			name = cmp.Or(s.Format, "text")
		}
		words = append(words, name)
	}
	text := strings.Join(words, " or ")
	if len(s.Enum) > 0 { // its values are more specific than their type
		var values []string
		for _, value := range s.Enum {
			if value == nil {
				value = "null"
			}
			values = append(values, fmt.Sprint(value))
		}
		text = strings.Join(values, ", ")
	}
	if s.Maximum != nil {
		text += fmt.Sprintf(", %d to %d", *s.Minimum, *s.Maximum)
	}
	if s.Default != nil {
		text += fmt.Sprintf(", %v by default", s.Default)
	}
	return text
}

// types lists the types by name. A schema with only a format is a string.
func (s *schema) types() (names []string) {
	switch {
	case s.Type.Kind == yaml.SequenceNode:
		_ = s.Type.Decode(&names) // valid documents have a list of strings here
	case s.Type.Value != "":
		names = []string{s.Type.Value}
	case s.Format != "":
		names = []string{"string"}
	}
	return names
}

// parameterType describes the type of a parameter. One with a list is repeated for each value.
func (d document) parameterType(p parameter) string {
	if s := d.resolve(p.Schema); s.Items != nil {
		return d.typeOf(s.Items) + ", may be repeated"
	}
	return d.typeOf(p.Schema)
}
