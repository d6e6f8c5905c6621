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

// TestKillInTheMiddleOfARefreshChangesNothing: a store must not notice when its server dies,
// whatever it was doing. A server is killed at the first operation of a refresh, the next one at
// the second, and so on, before the operation is done and after: the same answers as before the
// refresh are served then or those after it, and the next refresh works at once.
func TestKillInTheMiddleOfARefreshChangesNothing(t *testing.T) {
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
		airtable.Call(http.MethodPatch, "/"+victim, `{"fields":{"Initial Description":"`+now+`"}}`)
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
			t.Fatalf("killed at %s, the next refresh says %+v", place, r)
		}
		if got := servertest.List(t, url)[victim].Description; got != now {
			t.Fatalf("killed at %s, the next refresh brings %q, want %q", place, got, now)
		}
		t.Log("killed at", place)
	}
	if operations := kills / shared.ways; operations < shared.atLeast {
		t.Errorf("a refresh has only %d operations", operations)
	}
}

// tryStart asks for a full refresh and returns the id of its run; "" if the server was killed
// before it answered.
func tryStart(t *testing.T, url string) string {
	t.Helper()
	started, _ := try[struct {
		RunID string `json:"run_id"`
	}](t, http.MethodPost, url+"/api/cache/update-full")
	return started.RunID
}

// finished reports whether a run is over, as its server tells, which may be killed meanwhile.
func finished(t *testing.T, url, run string) bool {
	t.Helper()
	r, err := try[servertest.Receipt](t, http.MethodGet, url+"/api/cache/runs/"+run)
	return err == nil && run != "" && r.Outcome != "" && r.Outcome != "pending"
}

// try does a request that a kill may leave without an answer.
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

func TestTemporaryFilesGoWithTheServerAndThoseOfADeadOneWithTheNext(t *testing.T) {
	t.Parallel()
	temporary, dir := t.TempDir(), t.TempDir()
	env := environment(t, servertest.NewBase(t, nil).Variables("TMPDIR="+temporary)...)
	p, _ := serve(t, dir, env)
	p.Printed(`(voc serves)`)
	p.Kill()
	if left := entries(t, temporary); len(left) != 1 {
		t.Fatalf("a killed server leaves %v, and the test is about one folder", left)
	}
	p, _ = serve(t, dir, env)
	p.Printed(`(voc serves)`)
	if code := p.Terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if left := entries(t, temporary); len(left) != 0 {
		t.Errorf("%v stay behind", left)
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

// A server that was killed in a refresh is known to be dead at once by the next process of the
// machine: its run ends, and the work is done without waiting for the end of its lease.
func TestADeadServersRefreshIsTakenOverAtOnce(t *testing.T) {
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
	if waited, err := time.ParseDuration(silent[1]); err != nil || waited >= 30*time.Second { // the lease
		t.Errorf("the next process waited for the lease to expire: %s, %v", r.Error, err)
	}
}
