package refresh_test

import (
	"fmt"
	"strings"
	"testing"

	"voc/internal/airtablesim"
	"voc/internal/job"
)

// TestGateConcealsPrivateFields changes a field as the gate reports it. If the field is private,
// masked or shown by no key, only the log has how many records it concerns, and which.
func TestGateConcealsPrivateFields(t *testing.T) {
	t.Parallel()
	blanked := func(field string) func(*world, []string) {
		return func(w *world, ids []string) {
			for _, id := range ids[:60] {
				w.Update(id, edit{field: nil})
			}
		}
	}
	retyped := func(w *world, _ []string) {
		w.retype("Status", "singleLineText", "multipleSelects", func(body string) string {
			return strings.ReplaceAll(body, `"Open"`, `["Other"]`)
		})
	}
	const lost = "a private field lost its value"
	const turned = "a private field would have another meaning"
	for name, c := range map[string]struct {
		private string
		change  func(w *world, ids []string)
		shown   string
		log     string
	}{
		"blanked key":        {"status", blanked("Status"), lost, "99 of 100"},
		"blanked mask":       {"reporter_email:mask", blanked("User Profile Email"), lost, "97 of 100"},
		"blanked field":      {"Plan", blanked("Plan"), lost, "97 of 100"},
		"blanked, not shown": {"fields", blanked("Plan"), lost, "97 of 100"},
		"retyped":            {"status", retyped, turned, "values differ"},
		"dropped": {"status", func(w *world, _ []string) { w.DropField("Status") },
			`field "Status"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, ids := guarded(t)
			w.AddField("Plan", "singleLineText")
			w.AddField("User Profile Email", "email")
			for _, id := range ids {
				w.Update(id, edit{"Plan": "secret", "User Profile Email": "a@b.example"})
			}
			w.private = c.private
			w.must(job.Full, job.Published)
			c.change(w, ids)
			w.refuses(job.Full, c.shown)
			receipt := w.accepted(job.Full)
			warned(t, receipt, "accepted", c.shown)
			shown := string(w.object("manifest.json"))
			for _, secret := range []string{"of 100", "values differ", ids[0], ids[59]} {
				if strings.Contains(shown, secret) {
					t.Errorf("the manifest has %q: %s", secret, shown)
				}
			}
			contains(t, w.log.String(), c.log)
		})
	}
}

// TestWarningsConcealPrivateFields: a private field that has no value, or none that its key can
// read, is named in the log alone.
func TestWarningsConcealPrivateFields(t *testing.T) {
	t.Parallel()
	for private, c := range map[string]struct {
		field  string
		values []string
		log    string
	}{
		"status":       {"Status", nil, "default in all 3 records: status"},
		"issue_number": {"Issue", []string{"VOC-1", "VOC-2"}, "in 2 of 3 records"},
	} {
		w := newWorld(t, airtablesim.Config{})
		w.private = private
		w.DropField(c.field)
		w.AddField(c.field, "singleLineText")
		for i, value := range c.values {
			w.Update(fmt.Sprintf("rec0000000000000%d", i+1), edit{c.field: value})
		}
		receipt := w.must(job.Full, job.Published)
		contains(t, warnings(receipt), "a private field needs a look")
		for _, secret := range []string{private, "in 2 of 3"} {
			if strings.Contains(warnings(receipt), secret) {
				t.Errorf("%q", warnings(receipt))
			}
		}
		contains(t, w.log.String(), c.log)
	}
}
