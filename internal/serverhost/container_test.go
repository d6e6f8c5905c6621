package serverhost_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"voc/internal/config"
	"voc/internal/serverhost/servertest"
)

// TestContainerImage reads what the image sets: a platform may choose the port, and the health
// check is a command of voc.
func TestContainerImage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../infra/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	image := regexp.MustCompile(`(?m)^ENV (.+)$`).FindSubmatch(text)
	check := regexp.MustCompile(`(?m)^HEALTHCHECK .*CMD \["/voc", (.+)\]$`).FindSubmatch(text)
	if image == nil || check == nil {
		t.Fatal("the image has no variables, or no health check")
	}
	airtable := servertest.NewBase(t, nil)
	for port, want := range map[string]string{"": "0.0.0.0:8080", "10000": "0.0.0.0:10000"} {
		env := append(strings.Fields(string(image[1])), airtable.Variables()...)
		if port != "" {
			env = append(env, "PORT="+port)
		}
		cfg, err := config.Load(env)
		if err != nil || cfg.Addr != want {
			t.Errorf("PORT=%s: it listens on %q, want %q: %v", port, cfg.Addr, want, err)
		}
	}
	_, url := serve(t, servertest.Environment(t, airtable.Variables()...))
	_, port, _ := strings.Cut(strings.TrimPrefix(url, "http://"), ":")
	args := strings.Split(strings.ReplaceAll(string(check[1]), `"`, ""), ", ")
	code, stdout, stderr := servertest.Run(t,
		append(airtable.Variables(), "PORT="+port), args...)
	if code != 0 || stdout != "ok\n" {
		t.Errorf("voc %v: exit code %d: %s%s", args, code, stdout, stderr)
	}
}
