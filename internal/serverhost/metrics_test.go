package serverhost_test

import (
	"net/http"
	"strings"
	"testing"

	"voc/internal/serverhost/servertest"
)

// TestMetrics: a client of this machine reads the metrics; one that came through a proxy, or that
// uses another name for this machine, needs an admin's token. Requests are counted by route.
func TestMetrics(t *testing.T) {
	t.Parallel()
	base := servertest.NewBase(t, nil)
	url := servertest.Start(t, servertest.Environment(t, base.Variables()...)).URL()
	servertest.Get(t, url+"/api/live")
	for name, c := range map[string]struct {
		header, value string
		want          int
	}{
		"local":       {"Accept", "*/*", http.StatusOK},
		"by a proxy":  {"X-Forwarded-For", "192.0.2.1", http.StatusUnauthorized},
		"other name":  {"Host", "rebound.example.com", http.StatusUnauthorized},
		"wrong token": {"Authorization", "Bearer x", http.StatusOK},
		"an admin":    {"Authorization", "Bearer " + servertest.AdminToken, http.StatusOK},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set(c.header, c.value)
		if c.header == "Host" {
			request.Host = c.value
		}
		if name == "an admin" {
			request.Header.Set("Via", "1.1 proxy")
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", name, answer.StatusCode, c.want)
		}
	}
	behind := servertest.Start(t, servertest.Environment(t,
		base.Variables("TRUSTED_PROXIES=127.0.0.1")...)).URL() // whose proxy adds no header
	answer, err := http.Get(behind + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("by a trusted proxy: %d", answer.StatusCode)
	}
	metrics := servertest.Get(t, url+"/metrics")
	if !strings.Contains(metrics, `route="/api/live"`) || strings.Contains(metrics, "127.0.0.1") {
		t.Error(metrics)
	}
}
