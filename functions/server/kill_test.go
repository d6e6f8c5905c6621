package main_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"testing"
	"time"

	"voc/internal/serverhost/servertest"
)

// TestKillDuringRefresh: a server that dies during a refresh does not harm the store. One
// server is killed at the first operation of a refresh, the next at the second, and so on,
// before the operation is applied and after it. Then the records from before the refresh are
// served or those after it, and the next refresh works at once.
func TestKillDuringRefresh(t *testing.T) {
	t.Parallel()
	for name, newStore := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			killAtEachOperation(t, newStore(t))
		})
	}
}

func killAtEachOperation(t *testing.T, shared store) {
	airtable, dir := servertest.NewBase(t, nil), t.TempDir()
	victim := airtable.Sim.Records()[0].ID
	shared.writesOnly = true
	w := newWatched(t, airtable.Sim, shared)
	env := environment(t, airtable.Variables(append(w.variables(), "SCHEDULE=off")...)...)
	p, url := serve(t, dir, env)
	p.Printed(`(voc serves)`)
	kills := 0
	for ended := false; !ended; kills++ {
		before, now := servertest.List(t, url)[victim].Description, fmt.Sprint("Kill ", kills)
		airtable.Edit(victim, `{"Initial Description":"`+now+`"}`)
		w.killAt(1+kills/shared.ways, kills%2 == 1, p.Kill)
		run := tryStart(t, url)
		p.Eventually("ends the refresh or is killed", func() bool {
			ended = finished(t, url, run)
			return ended || w.killed()
		})
		place := w.disarm()
		p.Kill()
		p, url = serve(t, dir, env)
		p.Printed(`(voc serves)`)
		all := servertest.List(t, url)
		if got := all[victim].Description; len(all) != servertest.Records || got != before && got != now {
			t.Fatalf("killed at %s: %d records, description %q, want %q or %q",
				place, len(all), got, before, now)
		}
		if r := p.Refresh("full"); r.Outcome != "published" && r.Outcome != "unchanged" {
			t.Fatalf("killed at %s, the next refresh: %+v", place, r)
		}
		if got := servertest.List(t, url)[victim].Description; got != now {
			t.Fatalf("killed at %s, after the next refresh %q is served, want %q", place, got, now)
		}
		t.Log("killed at", place)
	}
	if operations := kills / shared.ways; operations < shared.atLeast {
		t.Errorf("a refresh has only %d operations", operations)
	}
}

// tryStart starts a full refresh and returns the id of its run, or "" if the server was killed
// before it responded.
func tryStart(t *testing.T, url string) string {
	t.Helper()
	started, _ := try[struct {
		RunID string `json:"run_id"`
	}](t, http.MethodPost, url+"/api/cache/update-full")
	return started.RunID
}

// finished reports whether a run has ended. It returns false if the server was killed.
func finished(t *testing.T, url, run string) bool {
	t.Helper()
	r, err := try[servertest.Receipt](t, http.MethodGet, url+"/api/cache/runs/"+run)
	return err == nil && run != "" && r.Outcome != "" && r.Outcome != "pending"
}

// try sends a request. The server may be killed before it responds.
func try[T any](t *testing.T, method, url string) (v T, err error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+servertest.AdminToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return v, err
	}
	defer response.Body.Close()
	err = json.NewDecoder(response.Body).Decode(&v)
	return v, err
}

func TestTemporaryFilesAreRemoved(t *testing.T) {
	t.Parallel()
	temporary, dir := t.TempDir(), t.TempDir()
	env := environment(t, servertest.NewBase(t, nil).Variables("TMPDIR="+temporary)...)
	p, _ := serve(t, dir, env)
	p.Printed(`(voc serves)`)
	p.Kill()
	if left := entries(t, temporary); len(left) != 1 {
		t.Fatalf("a killed server leaves %v, want one folder", left)
	}
	p, _ = serve(t, dir, env)
	p.Printed(`(voc serves)`)
	if code := p.Terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if left := entries(t, temporary); len(left) != 0 {
		t.Errorf("%v are left", left)
	}
}

func entries(t *testing.T, dir string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range all {
		names = append(names, entry.Name())
	}
	return names
}

// TestRefreshAfterServerKilled: the next process on the machine detects at once that a server was
// killed during a refresh. It reaps the run and refreshes without waiting for the lease to expire.
func TestRefreshAfterServerKilled(t *testing.T) {
	t.Parallel()
	airtable, dir := servertest.NewBase(t, nil), t.TempDir()
	w := newWatched(t, airtable.Sim, newFolder(t))
	env := environment(t, airtable.Variables(append(w.variables(), "SCHEDULE=off")...)...)
	p, _ := serve(t, dir, env)
	p.Printed(`(voc serves)`)
	answered := make(chan struct{})
	w.killAtAirtable(func() { <-answered; p.Kill() })
	killed := p.StartRefresh("full", "")
	close(answered)
	p.Eventually("is killed", w.killed)
	w.disarm()
	if code, out, errs := run(t, dir, env, "refresh", "incremental"); code != 0 {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	_, url := serve(t, dir, env)
	r := servertest.Parse[servertest.Receipt](t, servertest.Get(t, url+"/api/cache/runs/"+killed))
	silence := regexp.MustCompile(`stopped renewing its lease ([0-9a-z.]+) ago`)
	silent := silence.FindStringSubmatch(r.Error)
	if r.Outcome != "failed" || silent == nil {
		t.Fatalf("%+v", r)
	}
	// the lease
	if waited, err := time.ParseDuration(silent[1]); err != nil || waited >= 30*time.Second {
		t.Errorf("the next process waited for the lease to expire: %s, %v", r.Error, err)
	}
}
