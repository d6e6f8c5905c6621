package serverhost_test

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"voc/internal/serverhost/servertest"
)

func TestEveryMistakeInTheEnvironmentIsToldAtOnce(t *testing.T) {
	t.Parallel()
	env := servertest.Environment(t, "FEEDBACK_YEARS=soon", "SCHEDULE_TIMEZONE=America/Newyork", "SNAPSHOT_KEEP=0", `FIELD_MAP={"colour":"Red"}`, "AIRTABLE_BASE_ID=appABC")
	for _, args := range [][]string{nil, {"refresh", "full"}, {"status"}} {
		code, stdout, stderr := servertest.Run(t, env, args...)
		if code != 2 || stdout != "" {
			t.Errorf("server %v: exit code %d, printed %q", args, code, stdout)
		}
		for _, variable := range []string{"FEEDBACK_YEARS", "SCHEDULE_TIMEZONE", "SNAPSHOT_KEEP", "FIELD_MAP", "AIRTABLE_API_KEY"} {
			if !strings.Contains(stderr, variable) {
				t.Errorf("server %v does not name %s in %q", args, variable, stderr)
			}
		}
	}
}

func TestWrongUseIsExitCode2(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"refresh"}, {"refresh", "everything"}, {"sing"}, {"serve", "--loudly"}} {
		code, _, stderr := servertest.Run(t, servertest.Environment(t), args...)
		if code != 2 || !strings.HasPrefix(stderr, "server: ") {
			t.Errorf("server %v: exit code %d, %q", args, code, stderr)
		}
	}
}

func TestRefreshTellsByItsExitCodeHowItWent(t *testing.T) {
	t.Parallel()
	airtable := servertest.NewBase(t, nil)
	good := servertest.Environment(t, airtable.Variables()...)
	with := func(variable string) []string { return append(good[:len(good):len(good)], variable) } // the last one of a name counts
	for _, step := range []struct {
		name, mode string
		env        []string
		code       int
		says       string
	}{
		{"check before anything is there", "check", good, 0, "a refresh would work"},
		{"the first is full whatever was asked", "incremental", good, 0, `"mode": "full"`},
		{"nothing new", "incremental", good, 0, `"outcome": "unchanged"`},
		{"nothing new in a full one either", "full", good, 0, `"outcome": "unchanged"`},
		{"wrong token", "incremental", with("AIRTABLE_API_KEY=patWrong"), 1, "AIRTABLE_API_KEY"},
		{"check with a wrong token", "check", with("AIRTABLE_API_KEY=patWrong"), 1, "AIRTABLE_API_KEY"},
		{"wrong table", "incremental", with("AIRTABLE_TABLE_NAME=Leed Bugs"), 1, "has no table"},
		{"check with a field that is not there", "check", with(`FIELD_MAP={"status":"Statos"}`), 1, `Status`},
		{"a field that is not there", "incremental", with(`FIELD_MAP={"status":"Statos"}`), 1, `Statos`},
		{"another mapping", "incremental", with(`TEAM_MAP={"Documents":"Paper"}`), 0, `"outcome": "published"`},
		{"other years", "incremental", with(`FEEDBACK_YEARS=all`), 0, `"mode": "full"`},
	} {
		code, stdout, stderr := servertest.Run(t, step.env, "refresh", step.mode)
		if code != step.code || !strings.Contains(stdout+stderr, step.says) {
			t.Errorf("%s: exit code %d, want %d and %q in:\n%s%s", step.name, code, step.code, step.says, stdout, stderr)
		}
		if strings.Contains(stdout+stderr, "patWrong") {
			t.Errorf("%s: the token is printed", step.name)
		}
	}
}

func TestAStoreOfAnotherBaseIsRefusedByName(t *testing.T) {
	t.Parallel()
	airtable := servertest.NewBase(t, nil)
	store := "SNAPSHOT_STORE=file://" + t.TempDir()
	if code, _, stderr := servertest.Run(t, servertest.Environment(t, airtable.Variables(store)...), "refresh", "full"); code != 0 {
		t.Fatal(stderr)
	}
	other := servertest.Environment(t, airtable.Variables(store, "AIRTABLE_BASE_ID=appSomethingElse1")...)
	for _, args := range [][]string{nil, {"refresh", "full"}} {
		code, _, stderr := servertest.Run(t, other, args...)
		if code != 1 || !strings.Contains(stderr, airtable.ID) || !strings.Contains(stderr, "appSomethingElse1") ||
			!strings.Contains(stderr, "AIRTABLE_BASE_ID") || !strings.Contains(stderr, "SNAPSHOT_STORE") {
			t.Errorf("server %v: exit code %d, %q", args, code, stderr)
		}
	}
}

func TestStatusPrintsWhatTheAPIAnswers(t *testing.T) {
	t.Parallel()
	airtable := servertest.NewBase(t, nil)
	env := servertest.Environment(t, airtable.Variables()...)
	if code, _, stderr := servertest.Run(t, env, "refresh", "full"); code != 0 {
		t.Fatal(stderr)
	}
	code, stdout, stderr := servertest.Run(t, env, "status")
	if code != 0 || !strings.Contains(stdout, `"total_records": 90`) {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
}

func TestEmulatorAloneAnswersAirtablesCalls(t *testing.T) {
	t.Parallel()
	p := servertest.Start(t, servertest.Environment(t), "emulator")
	url, id, token := p.Printed(`URL +(\S+)`), p.Printed(`base +(app\w+)`), p.Printed(`token +(\S+)`)
	page := servertest.Parse[struct{ Records []any }](t, servertest.Send(t, http.MethodGet, url+"/v0/"+id+"/Lead%20Bugs?pageSize=3", token, ""))
	if len(page.Records) != 3 {
		t.Errorf("a page of 3 has %d records", len(page.Records))
	}
	if code := p.Terminate(); code != 0 {
		t.Errorf("when it is asked to end the exit code is %d", code)
	}
}

// TestPortThatIsTakenIsNamedWithWhatToSet: the first thing that goes wrong with `make run`.
func TestPortThatIsTakenIsNamedWithWhatToSet(t *testing.T) {
	t.Parallel()
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	taken := other.Addr().String()
	for variable, args := range map[string][]string{"ADDR": nil, "AIRTABLE_SIM_ADDR": {"emulator"}} {
		code, stdout, stderr := servertest.Run(t, servertest.Environment(t, variable+"="+taken), args...)
		begin := "server: listen on " + taken + ": address already in use: set " + variable + "=127.0.0.1:"
		if code != 2 || stdout != "" || !strings.HasPrefix(stderr, begin) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit code %d, printed %q and %q, want %q", variable, code, stdout, stderr, begin)
		}
	}
}

func TestHelpIsPrintedAndNoMistake(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--help"}, {"refresh", "--help"}} {
		code, stdout, stderr := servertest.Run(t, servertest.Environment(t), args...)
		if code != 0 || stderr != "" || !strings.HasPrefix(stdout, "Usage: server") {
			t.Errorf("server %v: exit code %d, %q, %q", args, code, stdout, stderr)
		}
	}
}
