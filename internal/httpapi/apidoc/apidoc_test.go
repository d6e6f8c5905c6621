package apidoc_test

import (
	"flag"
	"os"
	"testing"

	"voc/internal/httpapi/apidoc"
)

var update = flag.Bool("update", false, "regenerate the served files")

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
	for name, generate := range map[string]func([]byte) ([]byte, error){
		"openapi.json": apidoc.JSON, "docs.html": apidoc.Page,
	} {
		generated, err := generate(source(t))
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(name, generated, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if string(read(t, name)) != string(generated) {
			t.Errorf(
				"%s is not generated from openapi.yaml: run go test ./internal/httpapi/apidoc -update",
				name,
			)
		}
	}
}
