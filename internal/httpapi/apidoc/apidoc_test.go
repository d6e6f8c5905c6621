package apidoc_test

import (
	"flag"
	"os"
	"testing"

	"voc/internal/httpapi/apidoc"
)

var update = flag.Bool("update", false, "make the served files anew")

func source(t *testing.T) []byte {
	t.Helper()
	return read(t, "openapi.yaml")
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestGeneratedFilesAreCurrent(t *testing.T) {
	for name, make := range map[string]func([]byte) ([]byte, error){"openapi.json": apidoc.JSON, "docs.html": apidoc.Page} {
		made, err := make(source(t))
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(name, made, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if string(read(t, name)) != string(made) {
			t.Errorf("%s is not what openapi.yaml gives: go test ./internal/httpapi/apidoc -update", name)
		}
	}
}
