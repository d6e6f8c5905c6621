package serverhost_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"voc/internal/serverhost/servertest"
)

// runReceipt runs a command and returns the receipt that it prints.
func runReceipt(t *testing.T, env []string, wantCode int, args ...string) servertest.Receipt {
	t.Helper()
	code, out, errs := servertest.Run(t, env, args...)
	if code != wantCode {
		t.Fatalf("voc %q: exit code %d, want %d: %s%s", args, code, wantCode, out, errs)
	}
	return servertest.Parse[servertest.Receipt](t, out)
}

func TestGateRejectsUntilAccepted(t *testing.T) {
	t.Parallel()
	airtable := servertest.NewBase(t, nil)
	env := servertest.Environment(t, airtable.Variables("MAX_SHRINK_PERCENT=1", "SCHEDULE=off")...)
	p, url := serve(t, env)
	p.Printed(`(voc serves)`)
	before := servertest.List(t, url)
	var ids []string
	for id := range before {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids[:30] {
		airtable.Delete(id)
	}
	if r := runReceipt(t, env, 1, "refresh", "full", "--dry-run"); r.Outcome != "refused" {
		t.Errorf("dry run: %+v", r)
	}
	r := runReceipt(t, env, 1, "refresh", "sweep")
	if r.Outcome != "refused" || !strings.Contains(r.Error, ids[0]) ||
		!strings.Contains(r.Error, "30 of 90") {
		t.Errorf("%+v", r)
	}
	if after := servertest.List(t, url); len(after) != len(before) {
		t.Errorf("%d records are served after a rejected refresh, %d before", len(after), len(before))
	}
	status := servertest.Get(t, url+"/api/cache/")
	if !strings.Contains(status, `"last_error":"rejected by the publish gate: `) {
		t.Errorf("the status does not report the rejection: %s", status)
	}
	run := p.StartRefresh("full", `{"accept":true}`)
	p.Eventually("publishes the accepted refresh", func() bool {
		text := servertest.Get(t, url+"/api/cache/runs/"+run)
		return servertest.Parse[servertest.Receipt](t, text).Outcome == "published"
	})
	if after := servertest.List(t, url); len(after) != len(before)-30 {
		t.Errorf("%d records are served after the accepted refresh, %d before", len(after), len(before))
	}
}

func TestRollbackHoldsUntilRefresh(t *testing.T) {
	t.Parallel()
	airtable := servertest.NewBase(t, nil)
	env := servertest.Environment(t, airtable.Variables("SCHEDULE=off")...)
	p, url := serve(t, env)
	p.Printed(`(voc serves)`)
	var id string
	for id = range servertest.List(t, url) {
		break
	}
	before := servertest.List(t, url)[id].Description
	airtable.Edit(id, `{"Initial Description":"Edited"}`)
	p.Refresh("incremental")
	shows := func(want string) func() bool {
		return func() bool {
			servertest.Get(t, url+"/api/cache/")
			return servertest.List(t, url)[id].Description == want
		}
	}
	if !shows("Edited")() {
		t.Fatal("the edit did not arrive")
	}
	r := runReceipt(t, env, 0, "rollback", "previous")
	if r.Mode != "rollback" || r.Outcome != "published" {
		t.Errorf("%+v", r)
	}
	p.Eventually("serves the previous snapshot", shows(before))
	text := servertest.Get(t, url+"/api/cache/snapshots")
	newest := servertest.Parse[[]struct{ ID string }](t, text)[0].ID
	servertest.Send(t, servertest.Request{
		Method: http.MethodPost, URL: url + "/api/cache/rollback",
		Token: servertest.AdminToken, Body: fmt.Sprintf(`{"to":%q}`, newest),
	})
	p.Eventually("serves the newest snapshot again", shows("Edited"))
	status := servertest.Get(t, url+"/api/cache/")
	if !strings.Contains(status, "held until a person starts one") {
		t.Errorf("the status does not report the hold: %s", status)
	}
	if r := p.Refresh("sweep"); r.Outcome != "unchanged" {
		t.Errorf("%+v", r)
	}
	if status := servertest.Get(t, url+"/api/cache/"); strings.Contains(status, "held until") {
		t.Errorf("the hold is not released: %s", status)
	}
}
