package serverhost_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"voc/internal/serverhost"
	"voc/internal/serverhost/servertest"
)

// statusAt runs voc status at a time after now, checks that its table fits 80 columns, and returns
// it without the line breaks of its texts.
func statusAt(t *testing.T, env []string, later time.Duration, args ...string) (int, string) {
	t.Helper()
	var out, errs strings.Builder
	now := time.Now().Add(later)
	p := serverhost.Program{
		Args: append([]string{"status"}, args...), Environ: env, Stdout: &out, Stderr: &errs,
		Now: func() time.Time { return now },
	}
	code := p.Run(t.Context())
	for line := range strings.Lines(out.String()) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	return code, strings.ReplaceAll(out.String(), "\n             ", " ") + errs.String()
}

func expectStatus(t *testing.T, env []string, later time.Duration, code int, words ...string) {
	t.Helper()
	got, text := statusAt(t, env, later)
	if got != code {
		t.Errorf("exit code %d, want %d", got, code)
	}
	for _, part := range words {
		if !strings.Contains(text, part) {
			t.Errorf("the status does not contain %q:\n%s", part, text)
		}
	}
}

// TestStatusTable goes through the states in which an operator asks for the status, hours later
// as well.
func TestStatusTable(t *testing.T) {
	t.Parallel()
	airtable := servertest.NewBase(t, nil)
	env := servertest.Environment(t, airtable.Variables("MAX_SHRINK_PERCENT=1")...)
	expectStatus(t, env, 0, 1, "verdict      EMPTY", "do           voc refresh check",
		"voc refresh full")
	runReceipt(t, env, 0, "refresh", "full")
	expectStatus(t, env, 0, 0, "verdict      OK: ", "serves       90 records",
		"incremental  done 20", "(in ")
	expectStatus(t, env, 15*24*time.Hour, 1, "verdict      STALE", "serves       90 records as of",
		"(15 d 0 h ago)", "the full refresh that was due at", "SCHEDULE=on", "voc refresh full")
	wrong := append(slices.Clone(env), "AIRTABLE_API_KEY=patWrong")
	runReceipt(t, wrong, 1, "refresh", "incremental")
	expectStatus(t, env, 0, 0, "verdict      FAILING", "wrong        incremental refresh failed",
		"AIRTABLE_API_KEY", "do           correct the cause, then: voc refresh check")
	expectStatus(t, env, 15*24*time.Hour, 1, "verdict      STALE", "AIRTABLE_API_KEY")
	for _, record := range airtable.Sim.Records()[:30] {
		airtable.Delete(record.ID)
	}
	runReceipt(t, env, 1, "refresh", "sweep")
	expectStatus(t, env, 0, 0, "verdict      FAILING", "30 of 90 records", "--accept",
		"do           look in Airtable")
	runReceipt(t, env, 0, "refresh", "full", "--accept")
	expectStatus(t, env, 0, 0, "verdict      OK, with", "serves       60 records",
		"note         accepted: 30 of 90")
	runReceipt(t, env, 0, "rollback", "previous")
	expectStatus(t, env, 0, 0, "verdict      HELD", "rolled back to snapshot full-",
		"do           voc refresh incremental ends the hold")
	expectStatus(t, env, 15*24*time.Hour, 1, "verdict      HELD", "15 d")
}

func TestStatusOfURL(t *testing.T) {
	t.Parallel()
	env := servertest.Environment(t, servertest.NewBase(t, nil).Variables("READ_ACCESS=token")...)
	p, url := serve(t, env)
	p.Printed(`(voc serves)`)
	stranger := servertest.Environment(t)
	for _, spelling := range []string{url, url + "/", url + "/api", url + "/api/cache/"} {
		code, text := statusAt(t, env, 0, spelling)
		if code != 0 || !strings.Contains(text, "serves       90 records") {
			t.Errorf("%s: exit code %d: %s", spelling, code, text)
		}
		code, text = statusAt(t, stranger, 0, spelling)
		if code != 1 || !strings.Contains(text, "READ_TOKENS or ADMIN_TOKENS") {
			t.Errorf("%s without a token: exit code %d: %s", spelling, code, text)
		}
	}
	code, stdout, _ := servertest.Run(t, env, "status", "--json", url)
	if code != 0 || !strings.Contains(stdout, `"total_records": 90`) {
		t.Errorf("exit code %d: %s", code, stdout)
	}
	code, stdout, _ = servertest.Run(t, env, "runs", url)
	if code != 0 || !strings.Contains(stdout, "full        start    published       90") {
		t.Errorf("runs: exit code %d: %s", code, stdout)
	}
	code, stdout, _ = servertest.Run(t, env, "snapshots", url)
	if code != 0 || !strings.Contains(stdout, "\n* full-") {
		t.Errorf("snapshots: exit code %d: %s", code, stdout)
	}
	for _, wrong := range []string{"localhost:8080", "ftp://x", "/tmp"} {
		if code, _, stderr := servertest.Run(t, env, "status", wrong); code != 2 ||
			!strings.Contains(stderr, "https://") {
			t.Errorf("%s: exit code %d: %s", wrong, code, stderr)
		}
	}
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	if code, text := statusAt(t, env, 0, other.URL); code != 1 ||
		!strings.Contains(text, "not the API of voc") {
		t.Errorf("another server: exit code %d: %s", code, text)
	}
}

func TestRunsAndSnapshots(t *testing.T) {
	t.Parallel()
	airtable := servertest.NewBase(t, nil)
	env := servertest.Environment(t, airtable.Variables()...)
	for _, command := range []string{"runs", "snapshots"} {
		code, stdout, stderr := servertest.Run(t, env, command)
		if code != 0 || !strings.Contains(stdout, "voc refresh full") {
			t.Errorf("%s: exit code %d: %s%s", command, code, stdout, stderr)
		}
	}
	runReceipt(t, env, 0, "refresh", "full")
	runReceipt(t, append(slices.Clone(env), "AIRTABLE_API_KEY=patWrong"), 1, "refresh", "full")
	code, stdout, _ := servertest.Run(t, env, "runs")
	for _, part := range []string{"cli      failed", "AIRTABLE_API_KEY", "cli      published"} {
		if code != 0 || !strings.Contains(stdout, part) {
			t.Errorf("exit code %d, without %q: %s", code, part, stdout)
		}
	}
	code, stdout, _ = servertest.Run(t, env, "runs", "--json", "-n", "1")
	if all := servertest.Parse[[]servertest.Receipt](t, stdout); code != 0 || len(all) != 1 {
		t.Errorf("exit code %d, %d receipts", code, len(all))
	}
	code, stdout, _ = servertest.Run(t, env, "snapshots", "--json")
	if !strings.Contains(stdout, `"current": true`) {
		t.Errorf("exit code %d: %s", code, stdout)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	airtable := servertest.NewBase(t, nil)
	env := servertest.Environment(t, airtable.Variables("SCHEDULE=off")...)
	p, url := serve(t, env)
	p.Printed(`(voc serves)`)
	address := "ADDR=" + strings.TrimPrefix(url, "http://")
	for _, args := range [][]string{{"health"}, {"health", "--live"}, {"health", url}} {
		code, stdout, stderr := servertest.Run(t, append(slices.Clone(env), address), args...)
		if code != 0 || stdout != "ok\n" {
			t.Errorf("%v: exit code %d: %s%s", args, code, stdout, stderr)
		}
	}
	p.Terminate()
	if code, _, stderr := servertest.Run(t, env, "health", url); code != 1 ||
		!strings.Contains(stderr, "connection refused") {
		t.Errorf("of a server that has ended: exit code %d: %s", code, stderr)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	code, stdout, _ := servertest.Run(t, servertest.Environment(t), "--version")
	if code != 0 || !strings.HasPrefix(stdout, "voc ") {
		t.Errorf("exit code %d: %s", code, stdout)
	}
}
