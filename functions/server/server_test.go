package main_test

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"voc/internal/voctest"
)

func TestServerWithoutAnySettingServesTheSample(t *testing.T) {
	t.Parallel()
	p, url := serve(t, t.TempDir(), environment(t))
	for _, form := range []string{
		`URL +http://127\.0\.0\.1:\d+`, `base +app\w{14}`, `table +Lead Bugs`, `token +\S+`,
		`voc serves 580 records of table "Lead Bugs"`, `curl -s --compressed ` + url,
	} {
		p.printed("(" + form + ")")
	}
	if n := len(list(t, url)); n != 580 {
		t.Errorf("%d records are served, want 580", n)
	}
}

func TestEditsInAirtableArrive(t *testing.T) {
	t.Parallel()
	airtable := emulate(t)
	p, url := serve(t, t.TempDir(), environment(t, airtable.variables()...))
	p.printed(`(voc serves)`)
	before := list(t, url)
	ids := slices.Sorted(maps.Keys(before))
	edited, deleted := ids[0], ids[1]
	airtable.call("PATCH", "/"+edited, `{"fields":{"Initial Description":"Edited by curl"}}`)
	airtable.call("DELETE", "/"+deleted, "")
	created := parse[item](t, airtable.call("POST", "", `{"fields":{"Notes":"It came by curl","Priority":1}}`)).ID

	if r := refresh(p, url, "incremental"); r.Outcome != "published" || r.Added != 1 || r.Changed != 1 || r.Removed != 0 {
		t.Errorf("the incremental says %+v", r)
	}
	after := list(t, url)
	if after[edited].Description != "Edited by curl" || after[created].Description != "It came by curl" {
		t.Errorf("an incremental brings %+v and %+v", after[edited], after[created])
	}
	if _, there := after[deleted]; !there {
		t.Error("an incremental took a record away, and can not know that it was deleted")
	}

	if r := refresh(p, url, "full"); r.Outcome != "published" || r.Added != 0 || r.Changed != 0 || r.Removed != 1 {
		t.Errorf("the full says %+v", r)
	}
	if _, there := list(t, url)[deleted]; there {
		t.Error("a full refresh keeps a deleted record")
	}
	if r := refresh(p, url, "incremental"); r.Outcome != "unchanged" {
		t.Errorf("with nothing new an incremental says %+v", r)
	}
}

func TestRestartServesTheSameAtOnce(t *testing.T) {
	t.Parallel()
	airtable, dir := emulate(t), t.TempDir()
	env := environment(t, airtable.variables()...)
	p, url := serve(t, dir, env)
	p.printed(`(voc serves)`)
	before := get(t, url+"/api/feedback/")
	if code := p.terminate(); code != 0 {
		t.Errorf("after SIGTERM the exit code is %d", code)
	}
	airtable.server.Close() // what is served must not need it
	p, url = serve(t, dir, env)
	p.printed(`(voc serves)`)
	if get(t, url+"/api/feedback/") != before {
		t.Error("another list after a restart")
	}
}

// A store must not notice when its server dies, whatever it was doing: the same answers as before the refresh or after it, and the next one starts at once.
func TestKillInTheMiddleOfARefreshChangesNothing(t *testing.T) {
	t.Parallel()
	airtable, dir := emulate(t), t.TempDir()
	env := environment(t, airtable.variables()...)
	p, url := serve(t, dir, env)
	p.printed(`(voc serves)`)
	var victim string
	for victim = range list(t, url) {
		break
	}
	// A full refresh of the sample takes about 1.4 s, nearly all of it the pace of six pages; sealing and publishing come last.
	for i, moment := range []int{0, 500, 1200, 1300, 1400, 1500} { // milliseconds
		before, now := list(t, url)[victim].Description, fmt.Sprint("Killed ", i)
		airtable.call("PATCH", "/"+victim, `{"fields":{"Initial Description":"`+now+`"}}`)
		send(t, http.MethodPost, url+"/api/cache/update-full", "try", "")
		time.Sleep(time.Duration(moment) * time.Millisecond)
		p.kill()
		p, url = serve(t, dir, env)
		p.printed(`(voc serves)`)
		all := list(t, url)
		if got := all[victim].Description; len(all) != 580 || got != before && got != now {
			t.Fatalf("killed after %d ms: %d records, description %q, want %q or %q", moment, len(all), got, before, now)
		}
		if r := refresh(p, url, "full"); r.Outcome != "published" && r.Outcome != "unchanged" {
			t.Fatalf("killed after %d ms, the next refresh says %+v", moment, r)
		}
		if got := list(t, url)[victim].Description; got != now {
			t.Fatalf("killed after %d ms, the next refresh brings %q, want %q", moment, got, now)
		}
	}
}

func TestTemporaryFilesGoWithTheServerAndThoseOfADeadOneWithTheNext(t *testing.T) {
	t.Parallel()
	env, dir := environment(t), t.TempDir()
	temporary := strings.TrimPrefix(env[0], "TMPDIR=")
	p, _ := serve(t, dir, env)
	p.printed(`(voc serves)`)
	p.kill()
	if left := entries(t, temporary); len(left) != 1 {
		t.Fatalf("a killed server leaves %v, and the test is about one folder", left)
	}
	p, _ = serve(t, dir, env)
	p.printed(`(voc serves)`)
	if code := p.terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if left := entries(t, temporary); len(left) != 0 {
		t.Errorf("%v stay behind", left)
	}
}

func entries(t *testing.T, dir string) (names []string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		names = append(names, filepath.Base(name))
	}
	return names
}

func TestDamagedManifestIsNamedAndTheNewestGoodOneServed(t *testing.T) {
	t.Parallel()
	airtable, dir := emulate(t), t.TempDir()
	env := environment(t, airtable.variables()...)
	first, _ := serve(t, dir, env)
	first.printed(`(voc serves)`)
	first.terminate()
	manifest := filepath.Join(dir, "data", airtable.id, "manifest.json")
	text, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	damaged := text[:len(text)/2]
	if err := os.WriteFile(manifest, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	p, url := serve(t, dir, env)
	p.printed(`(voc serves 580)`)
	if status := get(t, url+"/api/cache/"); !strings.Contains(status, "manifest.json") || !strings.Contains(status, "damaged") {
		t.Errorf("the status does not name the damage: %s", status)
	}
	if r := refresh(p, url, "full"); r.Outcome != "failed" {
		t.Errorf("a refresh over a damaged manifest says %+v", r)
	}
	if now, err := os.ReadFile(manifest); err != nil || string(now) != string(damaged) {
		t.Errorf("a damaged manifest was written over: %v", err)
	}
}

// terminate fails the test when the process is still there after 20 s; a client that does not read would be waited for 5 minutes.
func TestAClientThatDoesNotReadDoesNotHoldUpTheEnd(t *testing.T) {
	t.Parallel()
	data := voctest.File(t, voctest.WholeSize, nil) // more than the sockets' buffers hold
	p, url := serve(t, t.TempDir(), environment(t, "AIRTABLE_SIM_DATA="+data))
	p.printed(`(voc serves 5830)`)
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
	if code := p.terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
