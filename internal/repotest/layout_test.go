// Package repotest_test tests the rules of this repository: imports, layout, sizes, calls
// between files, words, and the consistency of template.yaml, README and pages with the
// code.
package repotest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// Maximum lengths in lines.
const (
	longestFunction = 60
	longestFile     = 300
	longestTest     = 500
	longestMain     = 40
)

func TestTopLevelNames(t *testing.T) {
	agreed := strings.Fields("functions internal infra template.yaml samconfig.toml " +
		"go.mod go.sum Makefile README.md")
	ignored, err := os.ReadFile(filepath.Join(root, ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(ignored)) {
		agreed = append(agreed, strings.Trim(strings.TrimSpace(line), "/"))
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); !strings.HasPrefix(name, ".") && !slices.Contains(agreed, name) {
			t.Errorf("%s is not allowed at the top level", name)
		}
	}
}

func TestFilesAndFunctionsAreShort(t *testing.T) {
	for _, src := range sources(t) {
		longest := longestFile
		switch {
		case src.isTest():
			longest = longestTest
		case filepath.Base(src.path) == "main.go":
			longest = longestMain
		}
		if n := src.lines(src.tree.FileStart, src.tree.FileEnd) - 1; n > longest {
			t.Errorf("%s has %d lines, at most %d", src.path, n, longest)
		}
		for _, decl := range src.tree.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || src.isTest() { // test tables may be as long as their file
				continue
			}
			if n := src.lines(f.Pos(), f.End()); n > longestFunction {
				t.Errorf("%s: %s has %d lines, at most %d", src.path, f.Name.Name, n, longestFunction)
			}
		}
	}
}

func TestPackagesHaveComments(t *testing.T) {
	said := map[string]bool{}
	for _, src := range sources(t) {
		if src.isTest() {
			continue
		}
		name, place := "Package "+src.tree.Name.Name, "doc.go"
		if src.tree.Name.Name == "main" {
			name, place = "Command "+filepath.Base(filepath.Dir(src.path)), "main.go"
		}
		dir := filepath.Dir(src.path) + ": " + place + " does not begin with // " + name
		said[dir] = said[dir] || filepath.Base(src.path) == place &&
			strings.HasPrefix(src.tree.Doc.Text(), name+" ")
	}
	for complaint, ok := range said {
		if !ok {
			t.Error(complaint)
		}
	}
}

func TestNoTestIsSkipped(t *testing.T) {
	for _, src := range sources(t) {
		ast.Inspect(src.tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !src.imports("testing") {
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); ok &&
				slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, f.Sel.Name) {
				t.Errorf("%s skips a test", src.files.Position(f.Sel.Pos()))
			}
			return true
		})
	}
}

// source is a Go file of the module, parsed.
type source struct {
	path  string // from the top level
	tree  *ast.File
	files *token.FileSet
}

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

func (s source) imports(path string) bool {
	return slices.ContainsFunc(s.tree.Imports,
		func(i *ast.ImportSpec) bool { return i.Path.Value == strconv.Quote(path) })
}

// lines returns the number of lines from one position to another, inclusive.
func (s source) lines(from, to token.Pos) int {
	return s.files.Position(to).Line - s.files.Position(from).Line + 1
}

// sources parses every Go file. Reading them makes the test cache depend on all of them.
func sources(t *testing.T) []source {
	t.Helper()
	var found []source
	files := token.NewFileSet()
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		switch name := entry.Name(); {
		case err != nil:
			return err
		case entry.IsDir() && (name == "testdata" || strings.HasPrefix(name, ".") && path != "."):
			return fs.SkipDir
		case entry.IsDir() || filepath.Ext(name) != ".go":
			return nil
		}
		tree, err := parser.ParseFile(files, filepath.Join(root, path), nil,
			parser.ParseComments|parser.SkipObjectResolution)
		found = append(found, source{path, tree, files})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatal("no Go files")
	}
	return found
}
