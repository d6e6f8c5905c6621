package apidoc

import (
	"bytes"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"go.yaml.in/yaml/v4"
)

// JSON gives the description as JSON, in the order in which it is written. Aliases and merges become what they stand for.
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

func encode(node *yaml.Node, form ...jsontext.Options) ([]byte, error) {
	var out bytes.Buffer
	err := write(jsontext.NewEncoder(&out, form...), node)
	return out.Bytes(), err
}

func write(out *jsontext.Encoder, node *yaml.Node) error {
	switch node = resolve(node); node.Kind {
	case yaml.MappingNode:
		return writeAll(out, jsontext.BeginObject, jsontext.EndObject, func(write func(*yaml.Node)) {
			for _, m := range members(node) {
				write(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: m.name})
				write(m.value)
			}
		})
	case yaml.SequenceNode:
		return writeAll(out, jsontext.BeginArray, jsontext.EndArray, func(write func(*yaml.Node)) {
			for _, item := range node.Content {
				write(item)
			}
		})
	}
	var value any
	if err := node.Decode(&value); err != nil {
		return err
	}
	return json.MarshalEncode(out, value)
}

func writeAll(out *jsontext.Encoder, begin, end jsontext.Token, each func(write func(*yaml.Node))) error {
	err := out.WriteToken(begin)
	each(func(node *yaml.Node) {
		if err == nil {
			err = write(out, node)
		}
	})
	if err == nil {
		err = out.WriteToken(end)
	}
	return err
}

// member is one of a mapping's.
type member struct {
	name  string
	value *yaml.Node
}

// members lists a mapping's in their order. One of its own stands in the place of one of the same name that it would take over.
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
