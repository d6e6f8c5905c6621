package apidoc

import (
	"bytes"
	_ "embed" // for the template
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/yuin/goldmark"
	"go.yaml.in/yaml/v4"
)

//go:embed page.tmpl
var pageTemplate string

// Page returns the description as an HTML page, with the style and the script of package webui.
func Page(source []byte) ([]byte, error) {
	root, err := parse(source)
	if err != nil {
		return nil, err
	}
	var d document
	if err := root.Decode(&d); err != nil {
		return nil, err
	}
	page, err := template.New("page").Funcs(template.FuncMap{
		"markdown": markdown,
		"inline":   inline,
		"status":   http.StatusText,
		"json":     example,
		"under":    d.callsOf,
		"rows":     d.rows,
		"type":     d.parameterType,
		"resolve":  d.parameter,
		"answers":  d.answers,
		"common":   d.common,
		"access":   access,
		"asks":     d.asks,
		"curl":     curl,
		"upper":    strings.ToUpper,
	}).Parse(pageTemplate)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = page.Execute(&out, d)
	return out.Bytes(), err
}

// call is an operation with its path and method.
type call struct {
	Path, Method string
	*operation
}

// callsOf lists the calls of a tag.
func (d document) callsOf(tag string) (calls []call) {
	for _, p := range d.Paths {
		for _, m := range p.Value {
			if m.Value.Tags[0] == tag {
				calls = append(calls, call{p.Name, m.Name, m.Value})
			}
		}
	}
	return calls
}

func (d document) parameter(p parameter) parameter {
	if p.Ref != "" {
		p = d.Components.Parameters.get(path.Base(p.Ref))
	}
	return p
}

// answers lists the responses of a call by status, the successful one first, without the common
// ones.
func (d document) answers(c call) (own ordered[*response]) {
	common := d.common()
	for _, r := range c.Responses {
		if r.Value.Ref == "" {
			own = append(own, r)
		} else if name := path.Base(r.Value.Ref); common.get(name) == nil {
			own = append(own, entry[*response]{r.Name, d.Components.Responses.get(name)})
		}
	}
	slices.SortFunc(own, func(a, b entry[*response]) int { return strings.Compare(a.Name, b.Name) })
	return own
}

// manyCalls is from how many calls on a response is common: the page shows it once.
const manyCalls = 8

// common lists the responses that many calls give, by their names in the document, with their
// status.
func (d document) common() (all ordered[*commonResponse]) {
	for _, r := range d.Components.Responses {
		calls, status := 0, ""
		for _, p := range d.Paths {
			for _, m := range p.Value {
				for _, given := range m.Value.Responses {
					if path.Base(given.Value.Ref) == r.Name {
						calls, status = calls+1, given.Name
					}
				}
			}
		}
		if calls >= manyCalls {
			all = append(all, entry[*commonResponse]{r.Name, &commonResponse{status, calls, r.Value}})
		}
	}
	slices.SortStableFunc(all, func(a, b entry[*commonResponse]) int {
		return strings.Compare(a.Value.Status, b.Value.Status)
	})
	return all
}

// commonResponse is a response of many calls.
type commonResponse struct {
	Status string
	Calls  int
	*response
}

// access returns the permission that a call needs.
func access(c call) string {
	for _, scheme := range c.Security {
		if _, admin := scheme["admin"]; admin {
			return "admin"
		}
		if _, reader := scheme["reader"]; reader {
			return "reader"
		}
	}
	return "open"
}

// asks are example requests: those of the description, or else the path with example values.
func (d document) asks(c call) []string {
	if len(c.Asks) > 0 {
		return c.Asks
	}
	target := c.Path
	for _, p := range c.Parameters {
		if p = d.parameter(p); p.In == "path" {
			target = strings.Replace(target, "{"+p.Name+"}", url.PathEscape(p.Example.Value), 1)
		}
	}
	return []string{target}
}

// origin is the address in the commands until the script of the page knows the real one.
const origin = "http://localhost:8080"

// curl returns the command of a call.
func curl(c call, target string) (string, error) {
	command := "curl -s"
	if c.Method == "post" {
		command += " -X POST"
	}
	if access(c) == "admin" {
		command += ` -H "Authorization: Bearer $TOKEN"`
	}
	if c.Body != nil && c.Body.Required {
		text, err := encode(&c.Body.Content[0].Value.Example)
		if err != nil {
			return "", err
		}
		command += fmt.Sprintf(" -H 'Content-Type: application/json' -d '%s'", bytes.TrimSpace(text))
	}
	return fmt.Sprintf(`%s "%s%s"`, command, origin, target), nil
}

func markdown(text string) (template.HTML, error) {
	var out bytes.Buffer
	err := goldmark.Convert([]byte(text), &out)
	return template.HTML(out.String()), err //nolint:gosec // the text is ours
}

// inline renders markdown without a paragraph around it.
func inline(text string) (template.HTML, error) {
	html, err := markdown(text)
	trimmed := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(string(html)), "<p>"), "</p>")
	return template.HTML(trimmed), err //nolint:gosec // as above
}

// example returns a value as the API would send it: JSON, or text; "" for none.
func example(node yaml.Node) (string, error) {
	if node.Kind == yaml.ScalarNode || node.IsZero() {
		return node.Value, nil
	}
	text, err := encode(&node, jsontext.WithIndent("  "))
	return strings.TrimSpace(string(text)), err
}
