package webui

import (
	"bytes"
	"embed"
	"path"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// Policy is the Content-Security-Policy of every file.
const Policy = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// page is the file of every view.
const page = "index.html"

//go:embed static
var static embed.FS

// Files are the files of the page, by name.
type Files map[string]File

// File is a part of the page.
type File struct {
	ContentType string
	Body        []byte

	gzip func() []byte
}

// Load returns the files.
func Load() Files {
	all := Files{}
	entries, err := static.ReadDir("static")
	for _, entry := range entries {
		var body []byte
		if body, err = static.ReadFile("static/" + entry.Name()); err != nil {
			break
		}
		all[entry.Name()] = newFile(entry.Name(), body)
	}
	if err != nil {
		panic(err) // they are a part of the program
	}
	return all
}

var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

func newFile(name string, body []byte) File {
	return File{
		ContentType: contentTypes[path.Ext(name)],
		Body:        body,
		gzip: sync.OnceValue(func() []byte {
			var out bytes.Buffer
			z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is valid
			_, _ = z.Write(body)                                    // a bytes.Buffer returns no error
			_ = z.Close()
			return out.Bytes()
		}),
	}
}

// Find returns the file for a path. "" is the page, and so is a name without a dot, which is a
// view.
func (f Files) Find(name string) (File, bool) {
	if path.Ext(name) == "" {
		name = page
	}
	file, ok := f[name]
	return file, ok
}

// Gzip returns the body as gzip. It is made once: the first call takes some milliseconds. The
// caller must not change it. Brotli would save a seventh; its encoder adds 0.8 MB to a program.
func (f File) Gzip() []byte { return f.gzip() }
