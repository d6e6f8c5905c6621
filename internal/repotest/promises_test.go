package repotest_test

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestReadmeNamesExistingTests holds that every test named in the README exists.
func TestReadmeNamesExistingTests(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, src := range sources(t) {
		for _, decl := range src.tree.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && src.isTest() {
				there[f.Name.Name] = true
			}
		}
	}
	named := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(string(readme), -1)
	if len(named) < 10 {
		t.Errorf("the README names %d tests", len(named))
	}
	for _, name := range named {
		if !there[name[1]] {
			t.Errorf("the README names %s, which does not exist", name[1])
		}
	}
}
