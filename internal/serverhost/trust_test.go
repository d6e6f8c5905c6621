package serverhost_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"voc/internal/serverhost/servertest"
)

// receiptOf runs a command that prints a receipt.
func receiptOf(t *testing.T, env []string, wantCode int, args ...string) servertest.Receipt {
	t.Helper()
	code, out, errs := servertest.Run(t, env, args...)
	if code != wantCode {
		t.Fatalf("%q ends with %d, want %d: %s%s", args, code, wantCode, out, errs)
	}
	return servertest.Parse[servertest.Receipt](t, out)
}

func TestTheGateRefusesUntilAPersonAccepts(t *testing.T) {
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
		airtable.Call(http.MethodDelete, "/"+id, "")
	}
	if r := receiptOf(t, env, 1, "refresh", "full", "--dry-run"); r.Outcome != "refused" {
		t.Errorf("the dry run says %+v", r)
	}
	if r := receiptOf(t, env, 1, "refresh", "sweep"); r.Outcome != "refused" || !strings.Contains(r.Error, ids[0]) || !strings.Contains(r.Error, "30 of 90") {
		t.Errorf("%+v", r)
	}
	if after := servertest.List(t, url); len(after) != len(before) {
		t.Errorf("%d records are served after a refusal, %d before", len(after), len(before))
	}
	if status := servertest.Get(t, url+"/api/cache/"); !strings.Contains(status, `"last_error":"rejected by the publish gate`) {
		t.Errorf("the status does not tell: %s", status)
	}
	run := p.StartRefresh("full", `{"accept":true}`)
	p.Eventually("publishes what was accepted", func() bool {
		return servertest.Parse[servertest.Receipt](t, servertest.Get(t, url+"/api/cache/runs/"+run)).Outcome == "published"
	})
	if after := servertest.List(t, url); len(after) != len(before)-30 {
		t.Errorf("%d records are served after all, %d before", len(after), len(before))
	}
}

func TestARollbackByCommandAndByCallHoldsUntilAPersonRefreshes(t *testing.T) {
	t.Parallel()
	airtable := servertest.NewBase(t, nil)
	env := servertest.Environment(t, airtable.Variables("SCHEDULE=off")...)
	p, url := serve(t, env)
	p.Printed(`(voc serves)`)
	var id string
	for id = range servertest.List(t, url) {
		break
	}
	was := servertest.List(t, url)[id].Description
	airtable.Call(http.MethodPatch, "/"+id, `{"fields":{"Initial Description":"Edited"}}`)
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
	if r := receiptOf(t, env, 0, "rollback", "previous"); r.Mode != "rollback" || r.Outcome != "published" {
		t.Errorf("%+v", r)
	}
	p.Eventually("serves what was before", shows(was))
	newest := servertest.Parse[[]struct{ ID string }](t, servertest.Get(t, url+"/api/cache/snapshots"))[0].ID
	servertest.Send(t, http.MethodPost, url+"/api/cache/rollback", "try", fmt.Sprintf(`{"to":%q}`, newest))
	p.Eventually("serves the newest again", shows("Edited"))
	if status := servertest.Get(t, url+"/api/cache/"); !strings.Contains(status, "held until a person starts one") {
		t.Errorf("the status does not tell of the hold: %s", status)
	}
	if r := p.Refresh("sweep"); r.Outcome != "unchanged" {
		t.Errorf("%+v", r)
	}
	if status := servertest.Get(t, url+"/api/cache/"); strings.Contains(status, "held until") {
		t.Errorf("it is held still: %s", status)
	}
}
