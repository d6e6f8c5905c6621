package serverhost_test

import (
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"voc/internal/airtablesim"
	"voc/internal/serverhost"
	"voc/internal/serverhost/servertest"
)

func serve(t *testing.T, env []string) (*servertest.Server, string) {
	t.Helper()
	p := servertest.Start(t, env)
	return p, p.URL()
}

func TestRefreshBringsEdits(t *testing.T) {
	t.Parallel()
	airtable := servertest.NewBase(t, nil)
	p, url := serve(t, servertest.Environment(t, airtable.Variables()...))
	p.Printed(`(voc serves)`)
	before := servertest.List(t, url)
	ids := slices.Sorted(maps.Keys(before))
	edited, deleted := ids[0], ids[1]
	airtable.Edit(edited, `{"Initial Description":"Edited by curl"}`)
	airtable.Delete(deleted)
	record := airtable.Create(`{"Notes":"It came by curl","Priority":1}`)
	created := servertest.Parse[servertest.Item](t, record).ID

	r := p.Refresh("incremental")
	if r.Outcome != "published" || r.Added != 1 || r.Changed != 1 || r.Removed != 0 {
		t.Errorf("incremental: %+v", r)
	}
	after := servertest.List(t, url)
	if after[edited].Description != "Edited by curl" ||
		after[created].Description != "It came by curl" {
		t.Errorf("after an incremental: %+v and %+v", after[edited], after[created])
	}
	if _, there := after[deleted]; !there {
		t.Error("an incremental removed a record, although it cannot know that it was deleted")
	}

	r = p.Refresh("full")
	if r.Outcome != "published" || r.Added != 0 || r.Changed != 0 || r.Removed != 1 {
		t.Errorf("full: %+v", r)
	}
	if _, there := servertest.List(t, url)[deleted]; there {
		t.Error("a full refresh keeps a deleted record")
	}
	if r := p.Refresh("incremental"); r.Outcome != "unchanged" {
		t.Errorf("incremental with nothing new: %+v", r)
	}
}

func TestRestartServesSameSnapshot(t *testing.T) {
	t.Parallel()
	airtable := servertest.NewBase(t, nil)
	env := servertest.Environment(t, airtable.Variables()...)
	p, url := serve(t, env)
	p.Printed(`(voc serves)`)
	before := servertest.Get(t, url+"/api/feedback/")
	if code := p.Terminate(); code != 0 {
		t.Errorf("exit code %d after a request to stop", code)
	}
	airtable.Server.Close() // serving must not need it
	p, url = serve(t, env)
	p.Printed(`(voc serves)`)
	if servertest.Get(t, url+"/api/feedback/") != before {
		t.Error("another list after a restart")
	}
}

func TestServeWithDamagedManifest(t *testing.T) {
	t.Parallel()
	airtable := servertest.NewBase(t, nil)
	env := servertest.Environment(t, airtable.Variables()...)
	first, _ := serve(t, env)
	first.Printed(`(voc serves)`)
	first.Terminate()
	manifest := filepath.Join(airtable.Store, "manifest.json")
	text, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	damaged := text[:len(text)/2]
	if err := os.WriteFile(manifest, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	p, url := serve(t, env)
	p.Printed(`(voc serves 90 )`)
	status := servertest.Get(t, url+"/api/cache/")
	if !strings.Contains(status, "manifest.json") || !strings.Contains(status, "damaged") {
		t.Errorf("the status does not name the damage: %s", status)
	}
	if r := p.Refresh("full"); r.Outcome != "failed" {
		t.Errorf("refresh over a damaged manifest: %+v", r)
	}
	if now, err := os.ReadFile(manifest); err != nil || string(now) != string(damaged) {
		t.Errorf("a damaged manifest was overwritten: %v", err)
	}
}

// largeRecords returns more text than fits in the buffers of a connection: 4 MB on the server's
// side (tcp_wmem of Linux).
func largeRecords(t *testing.T) *airtablesim.Base {
	t.Helper()
	const records, length = 100, 90_000 // Airtable accepts 100,000 characters in a cell
	var lines strings.Builder
	for i := range records {
		fmt.Fprintf(&lines, `{"id":"rec%014d","createdTime":"2025-03-03T08:00:00.000Z",`+
			`"fields":{"Initial Description":"%s","Status":"Open","Priority":2}}`+"\n",
			i, strings.Repeat("slow ", length/5))
	}
	path := filepath.Join(t.TempDir(), "large.jsonl")
	if err := os.WriteFile(path, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	base, err := airtablesim.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return base
}

// TestSlowReaderDoesNotDelayExit: without a bound, the server would wait 5 minutes for a client
// that does not read, which is longer than Terminate waits.
func TestSlowReaderDoesNotDelayExit(t *testing.T) {
	t.Parallel()
	airtable := servertest.NewBase(t, largeRecords(t))
	table := "AIRTABLE_TABLE_NAME=" + airtable.Sim.Base().TableName()
	p := servertest.StartProgram(t, serverhost.Program{
		Environ: servertest.Environment(t, airtable.Variables(table)...),
		Drain:   100 * time.Millisecond,
	})
	url := p.URL()
	p.Printed(`(voc serves 100 )`)
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	const request = "GET /api/feedback/ HTTP/1.1\r\nHost: localhost\r\n\r\n"
	if _, err := fmt.Fprint(conn, request); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if code := p.Terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
