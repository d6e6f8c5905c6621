package httpapi_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"voc/internal/watch"
)

// description is the OpenAPI document, read as JSON.
type description struct {
	root     map[string]any
	compiler *jsonschema.Compiler
	mu       sync.Mutex
	schemas  map[string]*jsonschema.Schema // by pointer
}

// readDescription reads the document once.
var readDescription = sync.OnceValues(func() (*description, error) {
	text, err := os.ReadFile("apidoc/openapi.json")
	if err != nil {
		return nil, err
	}
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	object, ok := root.(map[string]any)
	if !ok {
		return nil, errors.New("apidoc/openapi.json is no object")
	}
	d := &description{
		root:     object,
		compiler: jsonschema.NewCompiler(),
		schemas:  map[string]*jsonschema.Schema{},
	}
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.AssertFormat()
	return d, d.compiler.AddResource("openapi.json", root)
})

// described returns the document, to which every response in these tests must conform.
func described(t testing.TB) *description {
	t.Helper()
	d, err := readDescription()
	if err != nil {
		t.Fatalf("read the description of the API: %v", err)
	}
	return d
}

// place is an object of the document with the pointer to it.
type place struct {
	at   string
	node map[string]any
}

// in follows members and references; it returns the zero place if there are none.
func (d *description) in(from place, names ...string) place {
	for _, name := range names {
		node, _ := from.node[name].(map[string]any)
		from = place{from.at + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name), node}
		if ref, ok := node["$ref"].(string); ok {
			from = d.in(place{"#", d.root}, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
		}
	}
	return from
}

// check validates a value against the schema at a place.
func (d *description) check(schema place, value any) error {
	d.mu.Lock()
	compiled := d.schemas[schema.at]
	if compiled == nil {
		pointer := strings.ReplaceAll(schema.at, ";", "%3B")
		compiled = must(d.compiler.Compile("openapi.json" + strings.ReplaceAll(pointer, " ", "%20")))
		d.schemas[schema.at] = compiled
	}
	d.mu.Unlock()
	return compiled.Validate(value)
}

// operation returns the operation of a request.
func (d *description) operation(method string, url *url.URL) (place, bool) {
	path := strings.TrimSuffix(url.Path, "/")
	if url.Path == "" || method != strings.ToUpper(method) ||
		strings.Contains(strings.ToUpper(url.RawPath), "%2F") {
		return place{}, false
	}
	paths := d.in(place{"#", d.root}, "paths")
	for _, exact := range []bool{true, false} {
		for pattern := range paths.node {
			prefix, _, isPattern := strings.Cut(strings.TrimSuffix(pattern, "/"), "{")
			name, ok := strings.CutPrefix(path, prefix)
			if exact && (isPattern || name != "") ||
				!exact && (!isPattern || name == "" || strings.Contains(name, "/")) ||
				!ok {
				continue
			}
			operation := d.in(paths, pattern, strings.ToLower(strings.Replace(method, "HEAD", "GET", 1)))
			return operation, operation.node != nil
		}
	}
	return place{}, false
}

// conforms validates a response. One without an operation must be a problem of the document.
func (d *description) conforms(r *http.Request, a answer) error {
	if r.Method == http.MethodOptions {
		return nil
	}
	url := *r.URL
	if strings.HasPrefix(a.Header.Get("Content-Type"), "text/csv") {
		url.Path = "/api/feedback.csv" // where the document describes all CSV
	}
	operation, ok := d.operation(r.Method, &url)
	if !ok {
		return d.hasBody(r, d.in(place{"#", d.root}, "components", "responses", "Nowhere"), a)
	}
	response := d.in(operation, "responses", strconv.Itoa(a.StatusCode))
	if response.node == nil {
		return fmt.Errorf("%s describes no %d", operation.at, a.StatusCode)
	}
	if err := d.hasHeaders(response, a); err != nil {
		return err
	}
	return d.hasBody(r, response, a)
}

func (d *description) hasHeaders(response place, a answer) error {
	for name := range d.in(response, "headers").node {
		header := d.in(response, "headers", name)
		value, given := a.Header[http.CanonicalHeaderKey(name)]
		switch {
		case !given && header.node["required"] == true:
			return fmt.Errorf("%s: %s is missing", response.at, name)
		case !given:
			continue
		case len(value) > 1:
			return fmt.Errorf("%s: %s is there %d times", response.at, name, len(value))
		}
		schema := d.in(header, "schema")
		var typed any = value[0]
		if schema.node["type"] == "integer" {
			typed, _ = strconv.Atoi(value[0])
		}
		if err := d.check(schema, typed); err != nil {
			return fmt.Errorf("%s: %s: %w", response.at, name, err)
		}
	}
	return nil
}

func (d *description) hasBody(r *http.Request, response place, a answer) error {
	content := d.in(response, "content")
	if content.node == nil || r.Method == http.MethodHead || a.Header.Get("Content-Encoding") != "" {
		return nil // tests of encodings compare with the plain body
	}
	contentType := a.Header.Get("Content-Type")
	media := d.in(content, contentType)
	if media.node == nil {
		return fmt.Errorf("%s describes no %q", response.at, contentType)
	}
	var value any = a.body
	if strings.HasSuffix(contentType, "json") {
		var err error
		if value, err = jsonschema.UnmarshalJSON(strings.NewReader(a.body)); err != nil {
			return fmt.Errorf("%s: %w", response.at, err)
		}
	}
	if err := d.isWhole(r, a, value); err != nil {
		return err
	}
	if err := d.check(d.in(media, "schema"), value); err != nil ||
		contentType != "application/problem+json" {
		return err
	}
	return d.isListed(response, a.StatusCode, value.(map[string]any)["type"].(string))
}

// isWhole checks that the records of a list have all keys, unless the request names some.
func (d *description) isWhole(r *http.Request, a answer, body any) error {
	records, ok := body.([]any)
	if strings.TrimSuffix(r.URL.Path, "/") != "/api/feedback" || a.StatusCode != http.StatusOK ||
		!ok || r.URL.Query().Has("fields") {
		return nil
	}
	for _, record := range records {
		schema := d.in(place{"#", d.root}, "components", "schemas", "FeedbackKeys")
		if err := d.check(schema, record); err != nil {
			return err
		}
	}
	return nil
}

// isListed checks that the document lists a problem for the response, with the same status.
func (d *description) isListed(response place, status int, problem string) error {
	code := strings.TrimPrefix(problem, "/api/docs#")
	if listed, _ := response.node["x-problems"].([]any); !slices.Contains(listed, any(code)) {
		return fmt.Errorf("%s: the problem %q is none of %v", response.at, code, listed)
	}
	said := d.in(place{"#", d.root}, "x-problems", code).node["status"]
	if fmt.Sprint(said) != strconv.Itoa(status) {
		return fmt.Errorf("the problem %q has status %d, and is said to have %v", code, status, said)
	}
	return nil
}

// mustConform is called with every response of these tests.
func mustConform(t testing.TB, r *http.Request, a answer) {
	t.Helper()
	if err := described(t).conforms(r, a); err != nil {
		t.Errorf("%s %.200s: not as /api/openapi.json has it: %v\n%.300s", r.Method, r.URL, err, a.body)
	}
	mustReferToRunbook(t, r, a)
}

// mustReferToRunbook checks that each warning of a status and each reason of a health ends with a
// heading of the runbook.
func mustReferToRunbook(t testing.TB, r *http.Request, a answer) {
	t.Helper()
	path := strings.TrimSuffix(r.URL.Path, "/")
	if path != "/api/cache" && path != "/api/health" || r.Method != http.MethodGet {
		return
	}
	var body struct{ Warnings, Reasons []string }
	if json.Unmarshal([]byte(a.body), &body) != nil {
		return // a problem or an encoded body
	}
	for _, text := range append(body.Warnings, body.Reasons...) {
		refers := slices.ContainsFunc(watch.Kinds(), func(kind watch.Kind) bool {
			return strings.HasSuffix(text, kind.Refer(""))
		})
		if !refers {
			t.Errorf("%s does not refer to the runbook: %s", path, text)
		}
	}
}
