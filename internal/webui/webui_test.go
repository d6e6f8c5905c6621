package webui_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"voc/internal/webui"
)

// names returns the files of the page.
func names(t *testing.T) (all []string) {
	t.Helper()
	entries, err := os.ReadDir("static")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	return all
}

func TestFind(t *testing.T) {
	t.Parallel()
	page, _ := webui.Load().Find("index.html")
	for name, want := range map[string]bool{
		"": true, "feedback": true, "app.js": true, "theme.css": true,
		"missing.js": false, "../doc.go": false, "static": true, "webui.go": false,
	} {
		file, ok := webui.Load().Find(name)
		isPage := bytes.Equal(file.Body, page.Body)
		if ok != want || ok && !strings.Contains(name, ".") != isPage || ok && file.ContentType == "" {
			t.Errorf("%q: found %t, of type %q, the page %t", name, ok, file.ContentType, isPage)
		}
	}
}

// TestGzipOfFiles decodes each file, and holds all of them to the size that the page may have.
func TestGzipOfFiles(t *testing.T) {
	t.Parallel()
	sum := 0
	for _, name := range names(t) {
		file, ok := webui.Load().Find(name)
		if !ok {
			t.Fatalf("%s is not found", name)
		}
		unzipped, err := gzip.NewReader(bytes.NewReader(file.Gzip()))
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(unzipped); err != nil || !bytes.Equal(body, file.Body) {
			t.Errorf("%s as gzip: %d bytes, %v", name, len(body), err)
		}
		sum += len(file.Gzip())
	}
	if sum > 120_000 {
		t.Errorf("the files take %d bytes compressed", sum)
	}
}

// TestFilesObeyPolicy looks for what a Content-Security-Policy without 'unsafe-inline' blocks, and
// for anything from another host.
func TestFilesObeyPolicy(t *testing.T) {
	t.Parallel()
	banned := regexp.MustCompile(`\burl\(|(?i:<script>|<style|\sstyle=|\son\w+="|innerHTML|` +
		`insertAdjacentHTML|\beval\(|setAttribute\("style"|@import|localStorage|sessionStorage)`)
	hosts := regexp.MustCompile(`https?://[^\s"')]+`)
	for _, name := range names(t) {
		file, _ := webui.Load().Find(name)
		if found := banned.Find(file.Body); found != nil {
			t.Errorf("%s has %q", name, found)
		}
		for _, found := range hosts.FindAllString(string(file.Body), -1) {
			isOurs := found == "http://www.w3.org/2000/svg" || found == "http://localhost:8080"
			if !isOurs {
				t.Errorf("%s names %s", name, found)
			}
		}
	}
	if !strings.HasPrefix(webui.Policy, "default-src 'self';") ||
		strings.Contains(webui.Policy, "unsafe") {
		t.Error(webui.Policy)
	}
}

// TestImportsOfFiles follows the imports and links of the page: each file is there, and each is
// used.
func TestImportsOfFiles(t *testing.T) {
	t.Parallel()
	used := map[string]bool{"index.html": true, "docs.js": true, "docs.css": true}
	link := regexp.MustCompile(`(?:from |import\()"\./([\w.]+)"|"/app/([\w]+\.\w+)"`)
	for _, name := range names(t) {
		file, _ := webui.Load().Find(name)
		for _, found := range link.FindAllSubmatch(file.Body, -1) {
			other := string(found[1]) + string(found[2])
			used[other] = true
			if _, ok := webui.Load().Find(other); !ok {
				t.Errorf("%s refers to %s, which is missing", name, other)
			}
		}
	}
	for _, name := range names(t) {
		if !used[name] {
			t.Errorf("no file refers to %s", name)
		}
	}
}
