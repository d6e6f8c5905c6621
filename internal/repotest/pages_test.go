package repotest_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"voc/internal/config"
	"voc/internal/feedback"
)

var update = flag.Bool("update", false, "write the generated parts of pages, and the notices")

// pages returns the README and the pages under infra, by path from the top level.
func pages(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "infra", "*.md"))
	if err != nil || len(paths) < 6 {
		t.Fatalf("%d pages under infra: %v", len(paths), err)
	}
	all := map[string]string{"README.md": string(read(t, "README.md"))}
	for _, path := range paths {
		name := "infra/" + filepath.Base(path)
		all[name] = string(read(t, name))
	}
	return all
}

const readmeLines = 200

func TestReadme(t *testing.T) {
	readme := string(read(t, "README.md"))
	t.Run("is short", func(t *testing.T) {
		if n := strings.Count(readme, "\n"); n > readmeLines {
			t.Errorf("README.md has %d lines, at most %d", n, readmeLines)
		}
	})
	t.Run("names tests for every promise", func(t *testing.T) {
		_, table, _ := strings.Cut(readme, "| promise | held by |\n|---|---|\n")
		table, _, _ = strings.Cut(table, "\n\n")
		promises := strings.Split(table, "\n")
		for _, promise := range promises {
			if !strings.Contains(promise, "| `Test") {
				t.Errorf("no test is named: %s", promise)
			}
		}
		if len(promises) < 14 {
			t.Errorf("the README has %d promises", len(promises))
		}
	})
	t.Run("maps every folder", func(t *testing.T) {
		mapped := map[string]bool{}
		for _, row := range regexp.MustCompile(`(?m)^((?:functions|infra|internal)/\w*/?)  `).
			FindAllStringSubmatch(readme, -1) {
			mapped[strings.TrimSuffix(row[1], "/")] = true
		}
		there := map[string]bool{"functions": true, "infra": true}
		entries, err := os.ReadDir(filepath.Join(root, "internal"))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			there["internal/"+entry.Name()] = true
		}
		if !maps.Equal(mapped, there) {
			t.Errorf("README.md maps %v\nthere are %v",
				slices.Sorted(maps.Keys(mapped)), slices.Sorted(maps.Keys(there)))
		}
	})
}

// TestPages: what pages refer to exists.
func TestPages(t *testing.T) {
	targets, links := map[string]bool{}, 0
	for name, page := range pages(t) {
		for _, command := range regexp.MustCompile("(?m)(?:^|`|\\w=\\w+ )make ([a-z][a-z0-9-]*)").
			FindAllStringSubmatch(page, -1) {
			targets[command[1]] = true
		}
		for _, link := range regexp.MustCompile(`\]\(([^):]+)\)`).FindAllStringSubmatch(page, -1) {
			links++
			path, anchor, _ := strings.Cut(link[1], "#")
			path = filepath.Join(filepath.Dir(name), cmp.Or(path, filepath.Base(name)))
			if _, err := os.Stat(filepath.Join(root, path)); err != nil {
				t.Errorf("%s links to %s: %v", name, link[1], err)
			} else if anchor != "" && !slices.Contains(anchors(string(read(t, path))), anchor) {
				t.Errorf("%s links to %s: no such heading", name, link[1])
			}
		}
		for _, tested := range regexp.MustCompile(`go test ((?: ?\./[\w/]+)+)`).
			FindAllStringSubmatch(page, -1) {
			for folder := range strings.FieldsSeq(tested[1]) {
				if _, err := os.Stat(filepath.Join(root, folder)); err != nil {
					t.Errorf("%s tests %v", name, err)
				}
			}
		}
		for _, path := range regexp.MustCompile("`((?:internal|functions|infra|\\.ci)/[\\w./-]+)`").
			FindAllStringSubmatch(page, -1) {
			if _, err := os.Stat(filepath.Join(root, path[1])); err != nil {
				t.Errorf("%s names %v", name, err)
			}
		}
	}
	for target := range targets {
		command := exec.CommandContext(t.Context(), "make", "-n", "-C", root, target)
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("make %s: %v %s", target, err, out)
		}
	}
	if len(targets) < 15 || links < 15 {
		t.Errorf("the pages have only %d targets of make and %d links", len(targets), links)
	}
}

// anchors returns the fragments of a page's headings, as GitHub makes them.
func anchors(page string) (all []string) {
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(page, -1) {
		plain := regexp.MustCompile(`[^\p{L}\p{N}_ -]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		all = append(all, strings.ReplaceAll(plain, " ", "-"))
	}
	return all
}

// TestGeneratedParts: the parts of pages that come from the code are current. make generate
// writes them.
func TestGeneratedParts(t *testing.T) {
	for _, part := range []struct{ page, name, text string }{
		{"infra/ENVIRONMENT.md", "variables", variablesTable(t)},
		{"infra/ENVIRONMENT.md", "keys", fieldMapKeys(t)},
		{"infra/DESIGN.md", "imports", importsBlock(t)},
		{"infra/COSTS.md", "costs", costsTable(t)},
	} {
		t.Run(part.name, func(t *testing.T) {
			page := string(read(t, part.page))
			begin := "<!-- begin " + part.name + ": make generate -->\n"
			before, rest, found := strings.Cut(page, begin)
			end := "<!-- end " + part.name + " -->"
			_, after, closed := strings.Cut(rest, end)
			if !found || !closed {
				t.Fatalf("%s has no part %q", part.page, part.name)
			}
			want := before + begin + part.text + end + after
			if *update {
				if err := os.WriteFile(filepath.Join(root, part.page), []byte(want), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if page != want {
				t.Errorf("%s is not current (make generate); %s should be\n%s",
					part.page, part.name, part.text)
			}
		})
	}
}

// variablesTable returns the output of `voc help environment --markdown`.
func variablesTable(t *testing.T) string {
	t.Helper()
	var table strings.Builder
	if err := config.WriteMarkdown(&table); err != nil {
		t.Fatal(err)
	}
	return table.String()
}

// fieldMapKeys is the list of the keys of FIELD_MAP, each with its default fields.
func fieldMapKeys(t *testing.T) string {
	t.Helper()
	mapping, err := feedback.NewMapping("", "")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(mapping)
	if err != nil {
		t.Fatal(err)
	}
	var configured struct{ Fields map[string][]string }
	if err := json.Unmarshal(text, &configured); err != nil || len(configured.Fields) == 0 {
		t.Fatalf("%v in %s", err, text)
	}
	out := "| key | default fields |\n|---|---|\n"
	for _, key := range slices.Sorted(maps.Keys(configured.Fields)) {
		out += fmt.Sprintf("| `%s` | `%s` |\n", key, strings.Join(configured.Fields[key], "`, `"))
	}
	return out
}

// importsBlock is the drawing of imports, without packages that do not exist.
func importsBlock(t *testing.T) string {
	t.Helper()
	there := packages(t)
	out := "```\n"
	continued := regexp.MustCompile(`\n {4,}`) // a row may have several lines
	for row := range strings.Lines(continued.ReplaceAllString(strings.TrimSpace(drawing), " ")) {
		room, allowed, _ := strings.Cut(row, "→")
		if _, exists := there[strings.TrimSpace(room)]; !exists {
			continue
		}
		rooms := slices.DeleteFunc(strings.Fields(allowed), func(other string) bool {
			_, exists := there[other]
			return !exists
		})
		out += strings.TrimSpace(fmt.Sprintf("%-24s → %s", strings.TrimSpace(room),
			cmp.Or(strings.Join(rooms, " "), "–"))) + "\n"
	}
	return out + "```\n"
}

// TestAPIPage: the page has the routes of the description, and the parameters of a list.
func TestAPIPage(t *testing.T) {
	type parameter struct{ Name, In string }
	var described struct {
		Paths map[string]map[string]struct {
			Parameters []json.RawMessage
		}
		Components struct{ Parameters map[string]parameter }
	}
	text := read(t, "internal/httpapi/apidoc/openapi.json")
	if err := json.Unmarshal(text, &described); err != nil {
		t.Fatal(err)
	}
	var routes, parameters []string
	for path, methods := range described.Paths {
		for method := range methods {
			routes = append(routes, strings.ToUpper(method)+" "+path)
		}
	}
	for _, raw := range described.Paths["/api/feedback/"]["get"].Parameters {
		var p struct {
			parameter
			Ref string `json:"$ref"`
		}
		if err := json.Unmarshal(raw, &p); err != nil {
			t.Fatal(err)
		}
		if p.Ref != "" {
			p.parameter = described.Components.Parameters[p.Ref[strings.LastIndex(p.Ref, "/")+1:]]
		}
		if p.In == "query" {
			parameters = append(parameters, p.Name)
		}
	}
	page := string(read(t, "infra/API.md"))
	listed := func(cells string) (all []string) {
		for _, row := range regexp.MustCompile(cells).FindAllStringSubmatch(page, -1) {
			for name := range strings.SplitSeq(row[1], "`, `") {
				all = append(all, name)
			}
		}
		slices.Sort(all)
		return all
	}
	slices.Sort(routes)
	slices.Sort(parameters)
	if got := listed("(?m)^\\| `((?:GET|POST) [^`]+)` \\|"); !slices.Equal(got, routes) {
		t.Errorf("infra/API.md has the routes %q\nthe description has %q", got, routes)
	}
	if got := listed("(?m)^\\| `([a-z_`, ]+)` \\|"); !slices.Equal(got, parameters) {
		t.Errorf("infra/API.md has the parameters %q\nthe description has %q", got, parameters)
	}
}
