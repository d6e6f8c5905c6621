package main_test

import (
	"encoding/json"
	"strings"
	"testing"

	"voc/internal/job"
)

// The function does not serve a snapshot that shows more than it may. It starts the run that maps
// the records again, once, and serves what that publishes.
func TestExposedSnapshotIsRemapped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	w.publish("PRIVATE_FIELDS=none")
	f := w.function("PRIVATE_FIELDS=status,reporter_email:mask")
	for range 3 {
		a := ask(t, f, "GET", "/api/feedback/?limit=1").is(t, 503)
		contains(t, a.body, "snapshot-shows-too-much", "PRIVATE_FIELDS", "remap")
		if a.header.Get("Retry-After") == "" || strings.Contains(a.body, "@") {
			t.Errorf("%v %s", a.header, a.body)
		}
	}
	contains(t, warnings(t, f), "shows more than is allowed")
	contains(t, ask(t, f, "GET", "/api/health").is(t, 503).body, "PRIVATE_FIELDS")
	list := ask(t, f, "GET", "/api/cache/snapshots").is(t, 200).body
	if strings.TrimSpace(list) != "[]" {
		t.Errorf("one can roll back to %s", list)
	}
	calls := w.Invocations()
	if len(calls) != 1 || calls[0].Function != "voc-incremental" {
		t.Fatalf("%d invocations: %+v", len(calls), calls)
	}
	var event struct{ Mode, Trigger string }
	if err := json.Unmarshal([]byte(calls[0].Payload), &event); err != nil || event.Mode != "remap" ||
		event.Trigger != "start" {
		t.Errorf("%s: %v", calls[0].Payload, err)
	}
	w.refresh(job.Remap, "PRIVATE_FIELDS=status,reporter_email:mask")
	body := ask(t, f, "GET", "/api/feedback/?limit=50").is(t, 200).body
	if strings.Contains(body, `"status":"Done"`) || !strings.Contains(body, "…@") {
		t.Error(body)
	}
	if n := len(w.Invocations()); n != 1 {
		t.Errorf("%d invocations", n)
	}
}

// Without a word about it, reads without a token mask addresses and show mapped fields alone.
func TestPublicReadsHideByDefault(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	w.publish()
	f := w.function()
	body := ask(t, f, "GET", "/api/feedback/").is(t, 200).body
	var list []struct {
		ID    string
		Email string `json:"reporter_email"`
	}
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		t.Fatal(err)
	}
	masked := 0
	for _, record := range list {
		name, _, found := strings.Cut(record.Email, "@")
		if found && !strings.HasSuffix(name, "…") {
			t.Errorf("%s is shown", record.Email)
		}
		if found {
			masked++
		}
	}
	if masked == 0 {
		t.Error("no record has an address")
	}
	detail := ask(t, f, "GET", "/api/feedback/"+list[0].ID).is(t, 200).body
	if strings.Contains(detail, "User Profile Email") || !strings.Contains(detail, `"Status"`) {
		t.Error(detail)
	}
}
