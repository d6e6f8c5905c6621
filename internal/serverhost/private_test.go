package serverhost_test

import (
	"path/filepath"
	"strings"
	"testing"

	"voc/internal/serverhost/servertest"
)

// A server whose PRIVATE_FIELDS hide more than its snapshot does maps the records again before it
// serves them, although Airtable does not respond, and deletes what shows more.
func TestServerRemapsExposedSnapshot(t *testing.T) {
	t.Parallel()
	airtable := servertest.NewBase(t, nil)
	dir := t.TempDir()
	env := servertest.Environment(t, airtable.Variables("SNAPSHOT_STORE=file://"+dir,
		"PRIVATE_FIELDS=none", "SCHEDULE=off")...)
	p, url := serve(t, env)
	p.Printed(`(voc serves)`)
	if open := servertest.Get(t, url+"/api/feedback/"); !strings.Contains(open, "@example.com") {
		t.Fatal("the sample has no address")
	}
	p.Terminate()
	airtable.Server.Close()
	p, url = serve(t, append(env, "PRIVATE_FIELDS=reporter_email, triage_rep ,Slack Thread Link"))
	p.Printed(`(voc serves)`)
	list := servertest.Get(t, url+"/api/feedback/")
	if strings.Contains(list, "@example.com") || strings.Contains(list, "slack.com") {
		t.Error("what is private is served")
	}
	runs := servertest.Get(t, url+"/api/cache/runs?limit=1")
	if !strings.Contains(runs, `"mode":"remap","trigger":"start"`) ||
		!strings.Contains(runs, `"airtable_calls":0`) {
		t.Error(runs)
	}
	left, err := filepath.Glob(filepath.Join(dir, "snapshots", "*"))
	remapped, _ := filepath.Glob(filepath.Join(dir, "snapshots", "remap-*")) // a valid pattern
	if err != nil || len(left) == 0 || len(left) != len(remapped) {
		t.Errorf("the store holds %q, %v", left, err)
	}
}
