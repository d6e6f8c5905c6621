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

func TestEditsInAirtableArrive(t *testing.T) {
	t.Parallel()
	airtable := servertest.NewBase(t, nil)
	p, url := serve(t, servertest.Environment(t, airtable.Variables()...))
	p.Printed(`(voc serves)`)
	before := servertest.List(t, url)
	ids := slices.Sorted(maps.Keys(before))
	edited, deleted := ids[0], ids[1]
	airtable.Call("PATCH", "/"+edited, `{"fields":{"Initial Description":"Edited by curl"}}`)
	airtable.Call("DELETE", "/"+deleted, "")
	created := servertest.Parse[servertest.Item](t, airtable.Call("POST", "", `{"fields":{"Notes":"It came by curl","Priority":1}}`)).ID

	if r := p.Refresh("incremental"); r.Outcome != "published" || r.Added != 1 || r.Changed != 1 || r.Removed != 0 {
		t.Errorf("the incremental says %+v", r)
	}
	after := servertest.List(t, url)
	if after[edited].Description != "Edited by curl" || after[created].Description != "It came by curl" {
		t.Errorf("an incremental brings %+v and %+v", after[edited], after[created])
	}
	if _, there := after[deleted]; !there {
		t.Error("an incremental took a record away, and can not know that it was deleted")
	}

	if r := p.Refresh("full"); r.Outcome != "published" || r.Added != 0 || r.Changed != 0 || r.Removed != 1 {
		t.Errorf("the full says %+v", r)
	}
	if _, there := servertest.List(t, url)[deleted]; there {
		t.Error("a full refresh keeps a deleted record")
	}
	if r := p.Refresh("incremental"); r.Outcome != "unchanged" {
		t.Errorf("with nothing new an incremental says %+v", r)
	}
}

func TestRestartServesTheSameAtOnce(t *testing.T) {
	t.Parallel()
	airtable := servertest.NewBase(t, nil)
	env := servertest.Environment(t, airtable.Variables()...)
	p, url := serve(t, env)
	p.Printed(`(voc serves)`)
	before := servertest.Get(t, url+"/api/feedback/")
	if code := p.Terminate(); code != 0 {
		t.Errorf("when it is asked to end the exit code is %d", code)
	}
	airtable.Server.Close() // what is served must not need it
	p, url = serve(t, env)
	p.Printed(`(voc serves)`)
	if servertest.Get(t, url+"/api/feedback/") != before {
		t.Error("another list after a restart")
	}
}

func TestDamagedManifestIsNamedAndTheNewestGoodOneServed(t *testing.T) {
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
	if status := servertest.Get(t, url+"/api/cache/"); !strings.Contains(status, "manifest.json") || !strings.Contains(status, "damaged") {
		t.Errorf("the status does not name the damage: %s", status)
	}
	if r := p.Refresh("full"); r.Outcome != "failed" {
		t.Errorf("a refresh over a damaged manifest says %+v", r)
	}
	if now, err := os.ReadFile(manifest); err != nil || string(now) != string(damaged) {
		t.Errorf("a damaged manifest was written over: %v", err)
	}
}

// largeRecords are more text than the buffers of a connection take in: 4 MB on the server's side
// (tcp_wmem of Linux).
func largeRecords(t *testing.T) *airtablesim.Base {
	t.Helper()
	const records, length = 100, 90_000 // Airtable takes 100,000 characters a cell
	var lines strings.Builder
	for i := range records {
		fmt.Fprintf(&lines, `{"id":"rec%014d","createdTime":"2025-03-03T08:00:00.000Z","fields":{"Initial Description":"%s","Status":"Open","Priority":2}}`+"\n",
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

// A client that does not read would be waited for 5 minutes, which is more than Terminate's
// patience.
func TestAClientThatDoesNotReadDoesNotHoldUpTheEnd(t *testing.T) {
	t.Parallel()
	airtable := servertest.NewBase(t, largeRecords(t))
	p := servertest.StartProgram(t, serverhost.Program{
		Environ: servertest.Environment(t, airtable.Variables("AIRTABLE_TABLE_NAME="+airtable.Sim.Base().TableName())...),
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
	if _, err := fmt.Fprint(conn, "GET /api/feedback/ HTTP/1.1\r\nHost: voc\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if code := p.Terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
