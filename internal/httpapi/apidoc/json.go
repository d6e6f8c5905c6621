package apidoc

import (
	"bytes"
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"go.yaml.in/yaml/v4"
)

// JSON returns the description as JSON in the order of the source. It expands aliases and
// merges.
func JSON(source []byte) ([]byte, error) {
	root, err := parse(source)
	if err != nil {
		return nil, err
	}
	return encode(root, jsontext.WithIndent("  "))
}

func parse(source []byte) (*yaml.Node, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(source, &document); err != nil {
		return nil, err
	}
	return document.Content[0], nil
}

func encode(node *yaml.Node, options ...jsontext.Options) ([]byte, error) {
	var out bytes.Buffer
	err := write(jsontext.NewEncoder(&out, options...), node)
	return out.Bytes(), err
}

func write(out *jsontext.Encoder, node *yaml.Node) (err error) {
	switch node = resolve(node); node.Kind {
	case yaml.MappingNode:
		err = out.WriteToken(jsontext.BeginObject)
		for _, m := range members(node) {
			if err == nil {
				err = out.WriteToken(jsontext.String(m.name))
			}
			if err == nil {
				err = write(out, m.value)
			}
		}
		return errors.Join(err, out.WriteToken(jsontext.EndObject))
	case yaml.SequenceNode:
		err = out.WriteToken(jsontext.BeginArray)
		for _, item := range node.Content {
			if err == nil {
				err = write(out, item)
			}
		}
		return errors.Join(err, out.WriteToken(jsontext.EndArray))
	}
	var value any
	if err := node.Decode(&value); err != nil {
		return err
	}
	return json.MarshalEncode(out, value)
}

// member is a name of a mapping with its value.
type member struct {
	name  string
	value *yaml.Node
}

// members lists the members of a mapping in order. Its own members replace merged ones of the same
// name.
func members(node *yaml.Node) (all []member) {
	content := resolve(node).Content
	own := map[string]bool{}
	for i := 0; i < len(content); i += 2 {
		own[content[i].Value] = true
	}
	for i := 0; i < len(content); i += 2 {
		if content[i].Value != "<<" {
			all = append(all, member{content[i].Value, content[i+1]})
			continue
		}
		for _, m := range members(content[i+1]) {
			if !own[m.name] {
				all = append(all, m)
			}
		}
	}
	return all
}

func resolve(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}
