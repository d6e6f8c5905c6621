package repotest_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// gateway routes like API Gateway: the most specific path of the definition wins, and a
// named method before ANY.
type gateway map[string]map[string]operation

type operation struct{ Security any }

const anyMethod = "x-amazon-apigateway-any-method"

// readGateway returns the routes of the template. Without jwt it omits the paths under the
// condition ChecksJwt.
func readGateway(t *testing.T, jwt bool) gateway {
	t.Helper()
	type body struct {
		DefinitionBody struct{ Paths map[string]json.RawMessage }
	}
	api := properties[body](t, readTemplate(t), "AWS::Serverless::HttpApi")["Api"]
	g := gateway{}
	for path, item := range api.DefinitionBody.Paths {
		if path != "/" && strings.HasSuffix(path, "/") {
			t.Errorf("%s: API Gateway rejects routes that end in a slash", path)
		}
		var either struct {
			If []json.RawMessage `json:"Fn::If"`
		}
		if err := json.Unmarshal(item, &either); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if either.If != nil {
			if string(either.If[0]) != `"ChecksJwt"` {
				t.Fatalf("%s depends on %s", path, either.If[0])
			}
			if !jwt {
				continue
			}
			item = either.If[1]
		}
		var methods map[string]json.RawMessage
		if err := json.Unmarshal(item, &methods); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		g[path] = map[string]operation{}
		for method, text := range methods {
			var o operation
			if method != "parameters" && json.Unmarshal(text, &o) == nil {
				g[path][method] = o
			}
		}
	}
	return g
}

// route returns the route key of a request, and whether it needs a token if ReadAccess is
// jwt. API Gateway does not document trailing slashes: bare selects whether /x/ equals /x
// or is a child of /x.
func (g gateway) route(method, path string, bare bool) (key string, checked bool) {
	if bare && path != "/" {
		path = strings.TrimSuffix(path, "/")
	}
	found := ""
	for pattern := range g {
		prefix, greedy := strings.CutSuffix(pattern, "{proxy+}")
		if (pattern == path || greedy && strings.HasPrefix(path, prefix)) &&
			(found == "" || moreSpecific(pattern, found)) {
			found = pattern
		}
	}
	operation, named := g[found][strings.ToLower(method)]
	if !named {
		method, operation = "ANY", g[found][anyMethod]
	}
	return method + " " + found, operation.Security != nil
}

func moreSpecific(one, other string) bool {
	if greedy := strings.HasSuffix(one, "{proxy+}"); greedy != strings.HasSuffix(other, "{proxy+}") {
		return !greedy
	}
	return len(one) > len(other)
}

func TestGatewayChecksTokensOfReads(t *testing.T) {
	g := readGateway(t, true)
	rows := []struct {
		method, path string
		checked      bool
	}{
		{"GET", "/api/feedback/", true},
		{"HEAD", "/api/feedback", true},
		{"GET", "/api/feedback/facets", true},
		{"GET", "/api/feedback/rec0123456789abcd/", true},
		{"GET", "/api/reports/response-times", true},
		{"GET", "/api/customer-pulse/", true},
		{"GET", "/api/cache/", true},
		{"GET", "/api/cache/runs/full-20261130T045900Z-sched", true},
		{"GET", "/api/something-new", true},
		{"POST", "/api/cache/update-full", false},
		{"POST", "/api/cache/rollback/", false},
		{"OPTIONS", "/api/feedback/", false},
		{"DELETE", "/api/feedback/", false},
		{"POST", "/api/users/auth", false},
		{"GET", "/api/users/", false},
		{"GET", "/api/chat/history", false},
		{"GET", "/api/health", false},
		{"HEAD", "/api/health/", false},
		{"GET", "/api/live/", false},
		{"GET", "/api/openapi.json", false},
		{"GET", "/api/docs/", false},
		{"GET", "/", false},
		{"GET", "/assets/page.css", false},
	}
	for _, row := range rows {
		for _, bare := range []bool{true, false} {
			if key, checked := g.route(row.method, row.path, bare); checked != row.checked {
				t.Errorf("%s %s (trailing slash counts: %v) is routed to %s: checked %v", row.method, row.path,
					!bare, key, checked)
			}
		}
	}
}

// TestGatewayHasTwoRoutesWithoutJWT: the limits of the stage are each route's, so that few routes
// are a limit on the whole API.
func TestGatewayHasTwoRoutesWithoutJWT(t *testing.T) {
	g := readGateway(t, false)
	for _, path := range []string{"/", "/api/feedback/", "/api/health", "/api/cache/update-full"} {
		for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS"} {
			want := "ANY /{proxy+}"
			if path == "/" {
				want = "ANY /"
			}
			if key, checked := g.route(method, path, false); key != want || checked {
				t.Errorf("%s %s goes by %s, not by %s; checked %v", method, path, key, want, checked)
			}
		}
	}
	if len(g) != 2 {
		t.Errorf("the routes are %v", slices.Sorted(maps.Keys(g)))
	}
}

func TestEventsOfTheAPICarryTheGatewaysRoute(t *testing.T) {
	g := readGateway(t, true)
	paths, err := filepath.Glob(filepath.Join(root, "infra/events/api-*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no events: %v", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var event struct {
			RouteKey, RawPath string
			RequestContext    struct {
				RouteKey string
				HTTP     struct{ Method string }
			}
		}
		if err := json.Unmarshal(text, &event); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		key, _ := g.route(event.RequestContext.HTTP.Method, event.RawPath, true)
		if keys := []string{event.RouteKey, event.RequestContext.RouteKey}; slices.ContainsFunc(keys,
			func(k string) bool { return k != key }) {
			t.Errorf("%s: the route is %q, the event has %q", path, key, keys)
		}
	}
}
