package apidoc

import (
	"go.yaml.in/yaml/v4"
)

// document is the part of the description that the page shows.
type document struct {
	Info struct {
		Title, Summary, Description string
	}
	Tags       []struct{ Name, Description string }
	Paths      ordered[ordered[*operation]] // by path and method
	Problems   ordered[problem]             `yaml:"x-problems"`
	Components struct {
		Parameters      ordered[parameter]
		Responses       ordered[*response]
		Schemas         ordered[*schema]
		SecuritySchemes ordered[struct{ Description string }] `yaml:"securitySchemes"`
	}
}

type operation struct {
	ID          string `yaml:"operationId"`
	Tags        []string
	Summary     string
	Description string
	Security    []map[string][]string
	Parameters  []parameter
	Body        *body `yaml:"requestBody"`
	Responses   ordered[*response]
	Asks        []string `yaml:"x-asks"`
}

type parameter struct {
	Ref         string `yaml:"$ref"`
	Name, In    string
	Description string
	Required    bool
	Schema      *schema
	Example     yaml.Node
}

type body struct {
	Description string
	Required    bool
	Content     ordered[media]
}

type response struct {
	Ref         string `yaml:"$ref"`
	Description string
	Problems    []string `yaml:"x-problems"`
	Headers     ordered[yaml.Node]
	Content     ordered[media]
}

type media struct {
	Schema  *schema
	Example yaml.Node
}

type problem struct {
	Status int
	What   string
	Do     string
}

// ordered is a mapping in the order of the source.
type ordered[T any] []entry[T]

type entry[T any] struct {
	Name  string
	Value T
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (o *ordered[T]) UnmarshalYAML(node *yaml.Node) error {
	for _, m := range members(node) {
		var value T
		if err := m.value.Decode(&value); err != nil {
			return err
		}
		*o = append(*o, entry[T]{m.name, value})
	}
	return nil
}

// get returns the value of a name; the zero value if there is none.
func (o ordered[T]) get(name string) (value T) {
	for _, e := range o {
		if e.Name == name {
			value = e.Value
		}
	}
	return value
}
