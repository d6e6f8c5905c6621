package repotest_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// TestPathsStayInRepository reads every text file. In Go it resolves string
// literals, constant expressions and filepath.Join against the file's folder, which is
// where tests run; in scripts, words against the top level, where they run; in other
// files and in comments, words against the file's folder. A path that only goes up in its
// middle counts if what it starts with exists: "testdata/…" does, the "a/…" of a test's
// input does not.
func TestPathsStayInRepository(t *testing.T) {
	t.Parallel()
	packages := map[string]known{}
	for _, name := range textFiles(t) {
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if folder := path.Dir(name); path.Ext(name) == ".go" && packages[folder] == nil {
			packages[folder] = packageStrings(t, folder)
		}
		for _, found := range pathsOut(t, name, content, packages[path.Dir(name)]) {
			t.Errorf("%s: %s leads out of the repository, or names a folder beside it", name, found)
		}
	}
}

func TestPathsOut(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file, content string // {up} is "..", {out} the name of a folder beside the checkout
		want          bool
	}{
		"go literal":            {"internal/a/b.go", `const c = "{up}/{up}/{up}/data"`, true},
		"go raw literal":        {"internal/a/b.go", "var c = `{up}/{up}/{up}`", true},
		"go literal that stays": {"internal/a/b.go", `const c = "{up}/{up}/README.md"`, false},
		"go join": {"internal/a/b.go",
			`var c = filepath.Join("{up}", "{up}", "{up}", "data")`, true},
		"go join that stays": {"internal/a/b.go", `var c = filepath.Join("x", "{up}", "{up}", "{up}")`,
			false},
		"go join of a constant": {"internal/repotest/b.go",
			`var c = filepath.Join(root, "{up}/data"); const root = "{up}/{up}"`, true},
		"go join of another's": {"internal/repotest/b.go", `var c = filepath.Join(top, "{up}")`, true},
		"go join of a variable": {"internal/repotest/b.go",
			`func f() { root := "{up}/{up}"; os.Open(filepath.Join(root, "{up}", name)) }`, true},
		"go join of a call": {"internal/a/b.go",
			`var c = filepath.Join(t.TempDir(), "{up}/{up}/{up}/{up}")`, false},
		"go sum": {"internal/a/b.go", `const a = "{up}/{up}/"; const b = a + "{up}/data"`,
			true},
		"go sum with a call": {"internal/a/b.go", `var b = "{up}/{up}/{up}/" + name()`, true},
		"go test input": {"internal/a/b.go",
			`var c = []string{"a/{up}/{up}/{up}/{up}/b", "{up}", "/{up}/{up}/{up}"}`, false},
		"go through testdata": {"internal/repotest/b.go", `const c = "{up}/house/{up}/{up}/{up}/data"`,
			true},
		"go comment": {"internal/a/b.go", "// see {up}/{up}/{up}/notes.md\nvar c int", true},
		"go comment by name": {"internal/a/b.go", "// measured ({out}/performance.md)\nvar c int",
			true},
		"go short literal":     {"internal/a/b.go", `const c = "{up}/{out}"`, true},
		"script":               {".ci/x", "#!/bin/sh\ntools={up}/tools", true},
		"script by its folder": {".ci/x", "#!/bin/sh\ncd \"$(dirname \"$0\")/{up}\"", false},
		"script above it":      {".ci/x", "#!/bin/sh\ncd \"$(dirname \"$0\")/{up}/{up}\"", true},
		"script in a string":   {".ci/x", "#!/bin/sh\neval \"$({up}/tools/engine start)\"", true},
		"script below":         {".ci/x", "#!/bin/sh\ncp .ci/{up}/README.md $d/{up}/x", false},
		"makefile":             {"Makefile", "x:\n\t{up}/tools/x", true},
		"makefile by CURDIR":   {"Makefile", "x:\n\tcp $(CURDIR)/{up}/x .", true},
		"yaml":                 {"template.yaml", "CodeUri: {up}/x", true},
		"yaml that stays":      {"infra/x.yaml", "- {up}/template.yaml", false},
		"markdown":             {"infra/x.md", "see [it]({up}/{up}/x.md)", true},
		"markdown that stays":  {"infra/x.md", "see [it]({up}/README.md), 1{up}5 and so on...", false},
		"a URL":                {"README.md", "https://example.com/a/{up}/{up}/{up}/b", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			content := strings.NewReplacer("{up}", "..", "{out}", "sha"+"red").Replace(test.content)
			if strings.HasSuffix(test.file, ".go") {
				content = "package x\n" + content
			}
			if got := pathsOut(t, test.file, []byte(content),
				known{"top": "../.."}); len(got) > 0 != test.want {
				t.Errorf("%s\nfound %q, want a finding: %v", content, got, test.want)
			}
		})
	}
}

// textFiles returns the names of the repository's files that hold text, without what
// .gitignore leaves out and without the inputs that fuzzing found. A symbolic link that
// leads out fails the test.
func textFiles(t *testing.T) (names []string) {
	t.Helper()
	ignored, err := os.ReadFile(filepath.Join(root, ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	left := []string{".git"}
	for line := range strings.Lines(string(ignored)) {
		left = append(left, strings.Trim(strings.TrimSpace(line), "/"))
	}
	err = fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		inputs := strings.HasSuffix(name, "testdata/fuzz") || strings.HasSuffix(name, "testdata/rapid")
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (inputs || slices.Contains(left, name)):
			return fs.SkipDir
		case entry.IsDir() || slices.Contains(left, name):
			return nil
		}
		full := filepath.Join(root, name)
		if entry.Type()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(full)
			if path.IsAbs(target) || leaves(path.Dir(name), target) {
				t.Errorf("the symbolic link %s leads out of the repository", name)
			}
			return err
		}
		content, err := os.ReadFile(full)
		if utf8.Valid(content) && !bytes.ContainsRune(content, 0) {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatal("no text files")
	}
	return names
}

// beside matches folders that once lay beside the checkout, however they are reached.
var beside = regexp.MustCompile(`\.\./(shared|facts|contract)\b|` +
	`(^|[^\w./-])((shared|facts)/\w|contract/\w+\.md)`)

// pathsOut returns the paths in a file that lead out of the repository. Other files of
// its package give the names in others their values.
func pathsOut(t *testing.T, name string, content []byte, others known) (found []string) {
	t.Helper()
	for line := range bytes.Lines(content) {
		if match := beside.Find(line); match != nil {
			found = append(found, string(bytes.TrimSpace(match)))
		}
	}
	if path.Ext(name) != ".go" {
		return append(found, wordsOut(name, string(content))...)
	}
	files := token.NewFileSet()
	tree, err := parser.ParseFile(files, name, content, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, comment := range tree.Comments {
		found = append(found, wordsOut(name, comment.Text())...)
	}
	known := namedStrings(tree)
	for name, value := range others {
		if _, own := known[name]; !own {
			known[name] = value
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		expression, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		value, constant := known.evaluate(expression)
		_, isName := expression.(*ast.Ident) // found where it gets its value
		if constant && !isName && leaves(path.Dir(name), value) {
			found = append(found, strconv.Quote(value))
		}
		return !constant && !isJoin(expression)
	})
	return found
}

// wordsOut returns the words of a text that are paths which lead out.
func wordsOut(name, text string) (found []string) {
	folder := path.Dir(name)
	base := folder
	if strings.HasPrefix(text, "#!") || strings.HasPrefix(path.Base(name), "Dockerfile") {
		base = "." // scripts go to the top level, images are built from it
	}
	for _, word := range strings.FieldsFunc(ofVariables.Replace(text), separates) {
		if own, ok := strings.CutPrefix(word, here); ok && leaves(folder, own) ||
			!ok && leaves(base, word) {
			found = append(found, strings.TrimPrefix(word, here))
		}
	}
	return found
}

// here stands for the folder of a script in its text.
const here = "\ue000/"

// ofVariables replaces what scripts call their own folder and the top level.
var ofVariables = strings.NewReplacer(
	`$(dirname "$0")/`, here, `$(dirname "${BASH_SOURCE[0]}")/`, here, `${0%/*}/`, here,
	"$(CURDIR)/", "./", "$PWD/", "./", "${PWD}/", "./",
)

func separates(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune("\"'`=:()[]{}<>,;|&!", r)
}

// leaves reports whether a path, relative to a folder of the repository, leads out of it.
func leaves(folder, name string) bool {
	name = filepath.ToSlash(name)
	if path.IsAbs(name) || strings.ContainsAny(name, "\n\x00") {
		return false
	}
	before, _, up := strings.Cut("/"+name+"/", "/../")
	if !up {
		return false
	}
	if before = strings.Trim(before, "/"); before != "" && before != "." {
		info, err := os.Stat(filepath.Join(root, folder, before))
		if err != nil || !info.IsDir() {
			return false
		}
	}
	target := path.Join(folder, name)
	return target == ".." || strings.HasPrefix(target, "../")
}

// known are strings that have a name.
type known map[string]string

// packageStrings returns the strings that a folder's files name at the top level.
func packageStrings(t *testing.T, folder string) known {
	t.Helper()
	all := known{}
	files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		tree.Decls = slices.DeleteFunc(tree.Decls, func(d ast.Decl) bool {
			_, function := d.(*ast.FuncDecl)
			return function
		})
		maps.Copy(all, namedStrings(tree))
	}
	return all
}

// namedStrings returns the strings that a file gives a name, without names it gives twice.
func namedStrings(tree *ast.File) known {
	names, twice := known{}, map[string]bool{}
	note := func(name, value ast.Expr) {
		ident, isName := name.(*ast.Ident)
		text, ok := known(nil).evaluate(value)
		if !isName || !ok {
			return
		}
		if before, there := names[ident.Name]; there && before != text {
			twice[ident.Name] = true
		}
		names[ident.Name] = text
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			for i := range min(len(n.Names), len(n.Values)) {
				note(n.Names[i], n.Values[i])
			}
		case *ast.AssignStmt:
			for i := range min(len(n.Lhs), len(n.Rhs)) {
				note(n.Lhs[i], n.Rhs[i])
			}
		}
		return true
	})
	for name := range twice {
		delete(names, name)
	}
	return names
}

// evaluate returns a string expression's value, or the beginning of it that is known.
func (k known) evaluate(expression ast.Expr) (value string, ok bool) {
	switch e := expression.(type) {
	case *ast.BasicLit:
		value, err := strconv.Unquote(e.Value)
		return value, err == nil && e.Kind == token.STRING
	case *ast.ParenExpr:
		return k.evaluate(e.X)
	case *ast.Ident:
		value, ok = k[e.Name]
		return value, ok
	case *ast.BinaryExpr:
		left, ok := k.evaluate(e.X)
		right, _ := k.evaluate(e.Y)
		return left + right, ok && e.Op == token.ADD
	case *ast.CallExpr:
		if !isJoin(e) {
			return "", false
		}
		var parts []string
		for _, argument := range e.Args {
			part, ok := k.evaluate(argument)
			if !ok {
				break
			}
			parts = append(parts, part)
		}
		return strings.Join(parts, "/"), len(parts) > 0
	}
	return "", false
}

// isJoin reports whether an expression is a call of filepath.Join or path.Join.
func isJoin(expression ast.Expr) bool {
	call, ok := expression.(*ast.CallExpr)
	if !ok {
		return false
	}
	function, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || function.Sel.Name != "Join" {
		return false
	}
	of, ok := function.X.(*ast.Ident)
	return ok && (of.Name == "filepath" || of.Name == "path")
}
