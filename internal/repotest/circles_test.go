package repotest_test

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/types"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
)

// circular are the folders whose files still call each other in a circle. Folders only
// leave it.
var circular = map[string]bool{}

// TestFilesFormNoCircle holds the files of each package to an order: if a file
// calls into another, that one calls back neither directly nor through a third. Methods
// count for the file that declares them.
func TestFilesFormNoCircle(t *testing.T) {
	t.Parallel()
	trees := map[string][]source{}
	for _, src := range sources(t) {
		if !src.isTest() {
			trees[path.Dir(src.path)] = append(trees[path.Dir(src.path)], src)
		}
	}
	std := importer.Default()
	for folder, files := range trees {
		circle := findCircle(callsBetween(files, std))
		switch {
		case circle != nil && !circular[folder]:
			t.Errorf("%s: %s: move a function so that the calls run one way",
				folder, strings.Join(circle, " → "))
		case circle == nil && circular[folder]:
			t.Errorf("%s has no circle: remove it from the list", folder)
		}
	}
}

// callsBetween returns for each file of a package the files it calls into, with a call as
// the reason. Imports are not resolved: what lies in other packages has no file here, and
// type errors that follow from that do not matter.
func callsBetween(files []source, std types.Importer) map[string]map[string]bool {
	var trees []*ast.File
	for _, src := range files {
		trees = append(trees, src.tree)
	}
	uses := map[*ast.Ident]types.Object{}
	config := types.Config{Importer: std, Error: func(error) {}}
	fset := files[0].files
	pkg, _ := config.Check(path.Dir(files[0].path), fset, trees, &types.Info{Uses: uses})
	calls := map[string]map[string]bool{}
	for _, src := range files {
		from := path.Base(src.path)
		calls[from] = map[string]bool{}
		ast.Inspect(src.tree, func(n ast.Node) bool {
			name, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			if f, ok := uses[name].(*types.Func); ok && f.Pkg() == pkg {
				if to := path.Base(fset.Position(f.Origin().Pos()).Filename); to != from {
					calls[from][to] = true
				}
			}
			return true
		})
	}
	return calls
}

// findCircle returns the files of a circle, the first one again at the end, or nil.
func findCircle(calls map[string]map[string]bool) []string {
	done := map[string]bool{}
	var visit func(trail []string, file string) []string
	visit = func(trail []string, file string) []string {
		if i := slices.Index(trail, file); i >= 0 {
			return append(trail[i:], file)
		}
		if done[file] {
			return nil
		}
		for _, next := range slices.Sorted(maps.Keys(calls[file])) {
			if circle := visit(append(trail, file), next); circle != nil {
				return circle
			}
		}
		done[file] = true
		return nil
	}
	for _, file := range slices.Sorted(maps.Keys(calls)) {
		if circle := visit(nil, file); circle != nil {
			return circle
		}
	}
	return nil
}

func TestFindCircle(t *testing.T) {
	t.Parallel()
	for calls, want := range map[string]string{
		"a>b b>c a>c": "[]",
		"a>b b>a":     "[a b a]",
		"a>b b>c c>b": "[b c b]",
		"":            "[]",
	} {
		graph := map[string]map[string]bool{}
		for call := range strings.FieldsSeq(calls) {
			from, to, _ := strings.Cut(call, ">")
			if graph[from] == nil {
				graph[from] = map[string]bool{}
			}
			graph[from][to] = true
		}
		if got := fmt.Sprint(findCircle(graph)); got != want {
			t.Errorf("%s: %s, want %s", calls, got, want)
		}
	}
}
