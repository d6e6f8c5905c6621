package webui

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io"
	"path"
	"sync"

	"github.com/andybalholm/brotli"
)

// Policy is the Content-Security-Policy of every file.
const Policy = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// page is the file of every view.
const page = "index.html"

//go:embed static
var static embed.FS

// File is a part of the page.
type File struct {
	ContentType string
	Body        []byte

	gzip, brotli func() []byte
}

var files = func() map[string]File {
	all := map[string]File{}
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
}()

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
			w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is valid
			return finish(&out, w, body)
		}),
		brotli: sync.OnceValue(func() []byte {
			var out bytes.Buffer
			return finish(&out, brotli.NewWriterLevel(&out, brotli.BestCompression), body)
		}),
	}
}

func finish(out *bytes.Buffer, w io.WriteCloser, body []byte) []byte {
	_, _ = w.Write(body) // a bytes.Buffer returns no error
	_ = w.Close()
	return out.Bytes()
}

// Find returns the file for a path. "" is the page, and so is a name without a dot, which is a
// view.
func Find(name string) (File, bool) {
	if path.Ext(name) == "" {
		name = page
	}
	file, ok := files[name]
	return file, ok
}

// Encoded returns the body in an encoding by its HTTP name. It is made once: the first call for an
// encoding takes some milliseconds. The caller must not change it. Another encoding returns Body.
func (f File) Encoded(encoding string) []byte {
	switch encoding {
	case "gzip":
		return f.gzip()
	case "br":
		return f.brotli()
	}
	return f.Body
}
