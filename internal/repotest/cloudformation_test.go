package repotest_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// template is the part of template.yaml that the tests read. Values that may be
// CloudFormation functions have type any: !Ref X is {"Ref": "X"}, !Sub s is {"Fn::Sub":
// "s"}.
type template struct {
	Parameters map[string]struct {
		Type        string
		Description string
		Default     any
		NoEcho      bool

		AllowedValues         []any
		AllowedPattern        string
		ConstraintDescription string
	}
	Globals   struct{ Function function }
	Outputs   map[string]any
	Resources map[string]struct {
		Type       string
		Properties json.RawMessage
	}
}

// function holds the properties of a function.
type function struct {
	CodeUri       string
	Environment   struct{ Variables map[string]any }
	LoggingConfig struct{ LogGroup any }
	Events        map[string]struct {
		Type       string
		Properties timed
	}
	EventInvokeConfig struct {
		DestinationConfig struct {
			OnFailure struct{ Destination any }
		}
	}
}

// timed holds the properties of a schedule.
type timed struct {
	ScheduleExpression         any
	ScheduleExpressionTimezone any
	Input                      string
	DeadLetterConfig           struct{ Arn any }
}

func readTemplate(t *testing.T) template {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal(read(t, "template.yaml"), &document); err != nil {
		t.Fatalf("template.yaml: %v", err)
	}
	long, err := json.Marshal(longForm(t, document.Content[0]))
	if err != nil {
		t.Fatal(err)
	}
	var of template
	if err := json.Unmarshal(long, &of); err != nil {
		t.Fatal(err)
	}
	return of
}

// longForm replaces YAML tags, the short form of CloudFormation functions, by the keys of
// the long form.
func longForm(t *testing.T, node *yaml.Node) any {
	t.Helper()
	var value any
	switch node.Kind {
	case yaml.MappingNode:
		fields := map[string]any{}
		for pair := range slices.Chunk(node.Content, 2) {
			fields[pair[0].Value] = longForm(t, pair[1])
		}
		value = fields
	case yaml.SequenceNode:
		items := []any{}
		for _, item := range node.Content {
			items = append(items, longForm(t, item))
		}
		value = items
	default:
		if strings.HasPrefix(node.Tag, "!!") {
			if err := node.Decode(&value); err != nil {
				t.Fatalf("template.yaml, line %d: %v", node.Line, err)
			}
			return value
		}
		value = node.Value
	}
	name, called := strings.CutPrefix(node.Tag, "!")
	switch {
	case !called || strings.HasPrefix(name, "!"):
		return value
	case name == "Ref" || name == "Condition":
		return map[string]any{name: value}
	}
	return map[string]any{"Fn::" + name: value}
}

// properties decodes the properties of all resources of a type.
func properties[T any](t *testing.T, of template, kind string) map[string]T {
	t.Helper()
	found := map[string]T{}
	for name, resource := range of.Resources {
		if resource.Type != kind {
			continue
		}
		var p T
		if err := json.Unmarshal(resource.Properties, &p); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		found[name] = p
	}
	if len(found) == 0 {
		t.Fatalf("the template has no %s", kind)
	}
	return found
}

func functions(t *testing.T, of template) map[string]function {
	t.Helper()
	return properties[function](t, of, "AWS::Serverless::Function")
}

// referred returns the name in {"Ref": name}, or "" for any other value.
func referred(value any) string {
	call, _ := value.(map[string]any)
	name, _ := call["Ref"].(string)
	return name
}

// fallback returns the value that a template's value has if no parameter is set.
func (of template) fallback(value any) any {
	if name := referred(value); name != "" {
		return of.Parameters[name].Default
	}
	return value
}
