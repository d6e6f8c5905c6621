package main_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// receiptOf runs a command that prints a receipt.
func receiptOf(t *testing.T, dir string, env []string, wantCode int, args ...string) receipt {
	t.Helper()
	code, out, errs := run(t, dir, env, args...)
	if code != wantCode {
		t.Fatalf("%q ends with %d, want %d: %s%s", args, code, wantCode, out, errs)
	}
	return parse[receipt](t, out)
}

func TestTheGateRefusesUntilAPersonAccepts(t *testing.T) {
	t.Parallel()
	airtable, dir := emulate(t), t.TempDir()
	env := environment(t, append(airtable.variables(), "MAX_SHRINK_PERCENT=1")...)
	p, url := serve(t, dir, environment(t, append(airtable.variables(), "MAX_SHRINK_PERCENT=1", "SCHEDULE=off")...))
	p.printed(`(voc serves)`)
	before := list(t, url)
	var ids []string
	for id := range before {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids[:30] {
		airtable.call(http.MethodDelete, "/"+id, "")
	}
	if r := receiptOf(t, dir, env, 1, "refresh", "full", "--dry-run"); r.Outcome != "refused" {
		t.Errorf("the dry run says %+v", r)
	}
	if r := receiptOf(t, dir, env, 1, "refresh", "sweep"); r.Outcome != "refused" || !strings.Contains(r.Error, ids[0]) || !strings.Contains(r.Error, "30 of 580") {
		t.Errorf("%+v", r)
	}
	if after := list(t, url); len(after) != len(before) {
		t.Errorf("%d records are served after a refusal, %d before", len(after), len(before))
	}
	if status := get(t, url+"/api/cache/"); !strings.Contains(status, `"last_error":"refused`) {
		t.Errorf("the status does not tell: %s", status)
	}
	promised := parse[struct {
		RunID string `json:"run_id"`
	}](t, send(t, http.MethodPost, url+"/api/cache/update-full", "try", `{"accept":true}`))
	p.eventually("publishes what was accepted", func() bool {
		return parse[receipt](t, get(t, url+"/api/cache/runs/"+promised.RunID)).Outcome == "published"
	})
	if after := list(t, url); len(after) != len(before)-30 {
		t.Errorf("%d records are served after all, %d before", len(after), len(before))
	}
}

func TestARollbackByCommandAndByCallHoldsUntilAPersonRefreshes(t *testing.T) {
	t.Parallel()
	airtable, dir := emulate(t), t.TempDir()
	env := environment(t, airtable.variables()...)
	p, url := serve(t, dir, environment(t, append(airtable.variables(), "SCHEDULE=off")...))
	p.printed(`(voc serves)`)
	var id string
	for id = range list(t, url) {
		break
	}
	was := list(t, url)[id].Description
	airtable.call(http.MethodPatch, "/"+id, `{"fields":{"Initial Description":"Edited"}}`)
	refresh(p, url, "incremental")
	shows := func(want string) func() bool {
		return func() bool { get(t, url+"/api/cache/"); return list(t, url)[id].Description == want }
	}
	if !shows("Edited")() {
		t.Fatal("the edit did not arrive")
	}
	if r := receiptOf(t, dir, env, 0, "rollback", "previous"); r.Mode != "rollback" || r.Outcome != "published" {
		t.Errorf("%+v", r)
	}
	p.eventually("serves what was before", shows(was))
	newest := parse[[]struct{ ID string }](t, get(t, url+"/api/cache/snapshots"))[0].ID
	send(t, http.MethodPost, url+"/api/cache/rollback", "try", fmt.Sprintf(`{"to":%q}`, newest))
	p.eventually("serves the newest again", shows("Edited"))
	if status := get(t, url+"/api/cache/"); !strings.Contains(status, "held until a person starts one") {
		t.Errorf("the status does not tell of the hold: %s", status)
	}
	if r := refresh(p, url, "sweep"); r.Outcome != "unchanged" {
		t.Errorf("%+v", r)
	}
	if status := get(t, url+"/api/cache/"); strings.Contains(status, "held until") {
		t.Errorf("it is held still: %s", status)
	}
}

// A server that was killed in a refresh is known to be dead at once by the next process of the machine: its run ends, and the work is done without a wait.
func TestADeadServersRefreshIsTakenOverAtOnce(t *testing.T) {
	t.Parallel()
	airtable, dir := emulate(t), t.TempDir()
	p, url := serve(t, dir, environment(t, append(airtable.variables(), "SCHEDULE=off")...))
	p.printed(`(voc serves)`)
	promised := parse[struct {
		RunID string `json:"run_id"`
	}](t, send(t, http.MethodPost, url+"/api/cache/update-full", "try", ""))
	p.eventually("reads pages", func() bool {
		return parse[struct{ Pages int }](t, get(t, url+"/api/cache/runs/"+promised.RunID)).Pages > 0
	})
	p.kill()
	began := time.Now()
	receiptOf(t, dir, environment(t, airtable.variables()...), 0, "refresh", "incremental")
	if took := time.Since(began); took > 25*time.Second { // the lease has 30
		t.Errorf("it took %s", took)
	}
	_, url = serve(t, dir, environment(t, append(airtable.variables(), "SCHEDULE=off")...))
	if r := parse[receipt](t, get(t, url+"/api/cache/runs/"+promised.RunID)); r.Outcome != "failed" || !strings.Contains(r.Error, "died during the refresh") {
		t.Errorf("%+v", r)
	}
}
