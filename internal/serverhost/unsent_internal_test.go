package serverhost

import (
	"strings"
	"testing"

	"voc/internal/airtablesim"
	"voc/internal/watch"
)

// TestUnsentMessage: a webhook that is gone is a warning of the status, until a message arrives.
func TestUnsentMessage(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "2026-11-24 08:45:00")
	m.until("2026-11-24 09:50:00")
	known := m.Watcher.Webhook
	m.Watcher.Webhook = &watch.Webhook{URL: m.front + "/gone"}
	m.token = "patRevoked"
	const unsent = "has not been delivered since"
	m.until("2026-11-24 10:10:00")
	if status := m.status(); strings.Contains(status, unsent) {
		t.Errorf("at once: %s", status)
	}
	m.until("2026-11-24 10:46:00")
	if status := m.status(); !strings.Contains(status, unsent) {
		t.Error(status)
	}
	m.Watcher.Webhook, m.token = known, airtablesim.DemoToken
	m.until("2026-11-24 11:16:00")
	if status := m.status(); strings.Contains(status, unsent) {
		t.Errorf("in the end: %s", status)
	}
}
