package repotest_test

import (
	"go/scanner"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// banned matches words that the project does not use: people who are not there, and
// passive or archaic forms with a plain word in their place ("the caller", "reports
// whether", "repaired", "cannot").
var banned = regexp.MustCompile(`(?i)\b(` + strings.Join([]string{
	"who" + "ever", "some" + "body", "no" + "body", "who" + " asked", "says" + " whether",
	"tells" + " (if|whether)", "is" + " told", "men" + "ded", "can" + " not",
}, "|") + `)\b`)

// TestNoBannedWords reads the comments of Go files, and Markdown and YAML files as a
// whole.
func TestNoBannedWords(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for _, name := range textFiles(t) {
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range bannedIn(name, content) {
			found[path.Dir(name)] = true
			if !wordy[path.Dir(name)] {
				t.Errorf("%s says %q", name, word)
			}
		}
	}
	for folder := range wordy {
		if _, err := os.Stat(filepath.Join(root, folder)); err == nil && !found[folder] {
			t.Errorf("%s has no banned word: remove it from the list", folder)
		}
	}
}

// bannedIn returns the banned words in a file.
func bannedIn(name string, content []byte) (found []string) {
	switch path.Ext(name) {
	case ".md", ".yaml", ".yml":
		return banned.FindAllString(strings.Join(strings.Fields(string(content)), " "), -1)
	case ".go":
	default:
		return nil
	}
	var s scanner.Scanner
	files := token.NewFileSet()
	s.Init(files.AddFile(name, -1, len(content)), content, nil, scanner.ScanComments)
	for _, kind, text := s.Scan(); kind != token.EOF; _, kind, text = s.Scan() {
		if kind == token.COMMENT {
			found = append(found, banned.FindAllString(text, -1)...)
		}
	}
	return found
}

func TestBannedIn(t *testing.T) {
	t.Parallel()
	word := "some" + "body"
	for name, test := range map[string]struct {
		file, content string
		want          int
	}{
		"comment":         {"a.go", "package a // " + word, 1},
		"string":          {"a.go", "package a; const b = \"" + word + "\"", 0},
		"part of a word":  {"a.md", word + "s", 0},
		"capital":         {"a.md", strings.ToUpper(word), 1},
		"across lines":    {"a.yaml", "# can" + "\nnot", 1},
		"other file type": {"a.txt", word, 0},
	} {
		if got := bannedIn(test.file, []byte(test.content)); len(got) != test.want {
			t.Errorf("%s: %q, want %d", name, got, test.want)
		}
	}
}

// wordy are the folders that still have banned words. Folders only leave it.
var wordy = map[string]bool{}
