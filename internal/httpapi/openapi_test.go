package httpapi_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"voc/internal/httpapi"
)

// operations lists the operations of the document as routes.
func (d *description) operations() (all []httpapi.Route) {
	paths := d.in(place{"#", d.root}, "paths")
	for path := range paths.node {
		for method := range d.in(paths, path).node {
			operation := d.in(paths, path, method)
			r := httpapi.Route{
				Method: strings.ToUpper(method),
				Path:   path,
				Access: "open",
			}
			if r.Path != "/" {
				r.Path = strings.TrimSuffix(path, "/")
			}
			for _, item := range list(operation.node["parameters"]) {
				p := d.resolve(item)
				if p.node["in"] != "query" {
					continue
				}
				if r.Parameters == nil {
					r.Parameters = map[string]bool{}
				}
				r.Parameters[p.node["name"].(string)] = d.in(p, "schema").node["type"] == "array"
			}
			for _, scheme := range list(operation.node["security"]) {
				for name := range scheme.(map[string]any) {
					r.Access = name
				}
			}
			all = append(all, r)
		}
	}
	return all
}

func list(node any) []any {
	items, _ := node.([]any)
	return items
}

// resolve returns the object that a value is or refers to.
func (d *description) resolve(node any) place {
	return d.in(place{"", map[string]any{"it": node}}, "it")
}

func TestOpenAPIMatchesRoutes(t *testing.T) {
	t.Parallel()
	routes, operations := map[string]httpapi.Route{}, map[string]httpapi.Route{}
	for _, r := range newService(t).Routes() {
		routes[r.Method+" "+r.Path] = r
	}
	for _, r := range described(t).operations() {
		operations[r.Method+" "+r.Path] = r
	}
	if diff := cmp.Diff(routes, operations); diff != "" {
		t.Errorf("(-router +apidoc/openapi.yaml):\n%s", diff)
	}
}

func TestOpenAPIExplainsEveryProblem(t *testing.T) {
	t.Parallel()
	explained := slices.Sorted(
		maps.Keys(described(t).in(place{"#", described(t).root}, "x-problems").node),
	)
	if diff := cmp.Diff(httpapi.ProblemCodes(), explained); diff != "" {
		t.Errorf("(-code +apidoc/openapi.yaml):\n%s", diff)
	}
}

func TestOpenAPIExamplesConform(t *testing.T) {
	t.Parallel()
	d := described(t)
	seen := 0
	var walk func(place)
	walk = func(p place) {
		if example, ok := p.node["example"]; ok && p.node["schema"] != nil {
			seen++
			if err := d.check(place{p.at + "/schema", d.in(p, "schema").node}, example); err != nil {
				t.Errorf("%s: %v", p.at, err)
			}
		}
		for _, example := range list(p.node["examples"]) {
			seen++
			if err := d.check(p, example); err != nil {
				t.Errorf("%s: %v", p.at, err)
			}
		}
		for name, node := range p.node {
			if node, ok := node.(map[string]any); ok && name != "example" && node["$ref"] == nil {
				walk(d.in(p, name))
			}
		}
	}
	walk(place{"#", d.root})
	if seen < 20 {
		t.Errorf("only %d examples were found", seen)
	}
}
