package repotest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const noticesFile = "infra/THIRD-PARTY-NOTICES.txt"

const standardLibrary = "Go standard library"

// licence matches the names of files that hold the terms of a module.
var licence = regexp.MustCompile(`(?i)^(licen[sc]e|copying|copyright|notice|patents)([.-].*)?$`)

// TestNotices: the notices have the terms of every module that is linked into a program. make
// generate writes them; the container image has them at its top.
func TestNotices(t *testing.T) {
	want := notices(t)
	path := filepath.Join(root, noticesFile)
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not current: make generate (%v)", noticesFile, err)
	}
}

// notices lists the modules and their terms. Equal texts appear once.
func notices(t *testing.T) []byte {
	t.Helper()
	texts := map[string][]string{} // from the text to its files
	modules := map[string]bool{standardLibrary: true}
	for module, dirs := range linked(t) {
		modules[module] = true
		found := false
		for _, dir := range slices.Sorted(maps.Keys(dirs)) {
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range entries {
				if entry.IsDir() || !licence.MatchString(entry.Name()) ||
					filepath.Ext(entry.Name()) == ".go" {
					continue
				}
				text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
				if err != nil {
					t.Fatal(err)
				}
				found = true
				body := strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n"))
				name := strings.TrimSuffix(module+" "+dirs[dir], " ") + " " + entry.Name()
				texts[body] = append(texts[body], name)
				// The modules of the Go project have the licence of the standard library.
				if strings.HasPrefix(module, "golang.org/x/sys ") && entry.Name() == "LICENSE" {
					texts[body] = append(texts[body], standardLibrary+" LICENSE")
				}
			}
		}
		if !found {
			t.Errorf("%s has no licence file", module)
		}
	}
	if !slices.ContainsFunc(slices.Collect(maps.Values(texts)), func(names []string) bool {
		return slices.Contains(names, standardLibrary+" LICENSE")
	}) {
		t.Error("no terms of the standard library were found")
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "voc contains these modules. Their terms follow.\n\n  %s\n",
		strings.Join(slices.Sorted(maps.Keys(modules)), "\n  "))
	sections := map[string]string{} // from the names of a text's files to the text
	for text, names := range texts {
		sections[strings.Join(slices.Compact(slices.Sorted(slices.Values(names))), "\n")] = text
	}
	for _, names := range slices.Sorted(maps.Keys(sections)) {
		fmt.Fprintf(&out, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 80), names, sections[names])
	}
	return out.Bytes()
}

// linked returns the modules in the programs and, for each, the folders that its packages lie
// in, up to the module's own, by path with the part below the module.
func linked(t *testing.T) map[string]map[string]string {
	t.Helper()
	list := exec.CommandContext(t.Context(),
		"go", "list", "-deps", "-json=Dir,Module", "./functions/...")
	list.Dir = root
	list.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	modules := map[string]map[string]string{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Dir    string
			Module *struct {
				Path, Version, Dir string
				Main               bool
			}
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Module == nil || p.Module.Main {
			continue
		}
		name := p.Module.Path + " " + p.Module.Version
		if modules[name] == nil {
			modules[name] = map[string]string{}
		}
		for dir := p.Dir; ; dir = filepath.Dir(dir) {
			below, _ := strings.CutPrefix(dir, p.Module.Dir)
			modules[name][dir] = strings.TrimPrefix(filepath.ToSlash(below), "/")
			if dir == p.Module.Dir {
				break
			}
		}
	}
	if len(modules) == 0 {
		t.Fatal("go list finds no modules")
	}
	return modules
}

// TestContainerHasNotices: the image's build copies the notices, which its context includes.
func TestContainerHasNotices(t *testing.T) {
	if !bytes.Contains(read(t, "infra/Dockerfile"), []byte(noticesFile+" /image/")) {
		t.Errorf("infra/Dockerfile does not copy %s", noticesFile)
	}
	if !bytes.Contains(read(t, "infra/Dockerfile.dockerignore"), []byte("!"+noticesFile+"\n")) {
		t.Errorf("infra/Dockerfile.dockerignore leaves %s out", noticesFile)
	}
}
