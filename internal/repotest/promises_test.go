package repotest_test

import (
	"go/ast"
	"regexp"
	"testing"
)

// TestPromises: every test that the README or a page names exists.
func TestPromises(t *testing.T) {
	there := map[string]bool{}
	for _, src := range sources(t) {
		for _, decl := range src.tree.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && src.isTest() {
				there[f.Name.Name] = true
			}
		}
	}
	named := 0
	for page, text := range pages(t) {
		for _, name := range regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(text, -1) {
			named++
			if !there[name[1]] {
				t.Errorf("%s names %s, which does not exist", page, name[1])
			}
		}
	}
	if named < 40 {
		t.Errorf("the pages name %d tests", named)
	}
}
