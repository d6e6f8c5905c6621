package serverhost_test

import (
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"voc/internal/config"
	"voc/internal/serverhost/servertest"
)

func TestCommandsListEveryEnvironmentError(t *testing.T) {
	t.Parallel()
	env := servertest.Environment(t, "FEEDBACK_YEARS=soon", "SCHEDULE_TIMEZONE=America/Newyork",
		"SNAPSHOT_KEEP=0", `FIELD_MAP={"colour":"Red"}`, "AIRTABLE_BASE_ID=appABC")
	wrong := []string{
		"FEEDBACK_YEARS", "SCHEDULE_TIMEZONE", "SNAPSHOT_KEEP", "FIELD_MAP", "AIRTABLE_API_KEY",
	}
	for _, args := range [][]string{nil, {"refresh", "full"}, {"status"}} {
		code, stdout, stderr := servertest.Run(t, env, args...)
		if code != 2 || stdout != "" {
			t.Errorf("voc %v: exit code %d, printed %q", args, code, stdout)
		}
		for _, variable := range wrong {
			if !strings.Contains(stderr, variable) {
				t.Errorf("voc %v does not name %s in %q", args, variable, stderr)
			}
		}
	}
}

// In a shell without the server's environment, no command but serve has a base to report on.
func TestCommandsNeedBase(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"refresh", "full"}, {"refresh", "check"}, {"rollback", "previous"}, {"status"},
		{"runs"}, {"snapshots"},
	} {
		code, stdout, stderr := servertest.Run(t, servertest.Environment(t), args...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, "AIRTABLE_BASE_ID") {
			t.Errorf("voc %v: exit code %d, printed %q and %q", args, code, stdout, stderr)
		}
	}
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"refresh"}, {"refresh", "everything"}, {"sing"}, {"serve", "--loudly"}, {"help", "weather"},
	} {
		code, _, stderr := servertest.Run(t, servertest.Environment(t), args...)
		if code != 2 || !strings.HasPrefix(stderr, "voc: ") {
			t.Errorf("voc %v: exit code %d, %q", args, code, stderr)
		}
	}
}

func TestRefreshExitCodes(t *testing.T) {
	t.Parallel()
	airtable := servertest.NewBase(t, nil)
	good := servertest.Environment(t, airtable.Variables()...)
	with := func(variable string) []string { // the last entry for a name counts
		return append(good[:len(good):len(good)], variable)
	}
	for _, step := range []struct {
		name, mode string
		env        []string
		code       int
		prints     string
	}{
		{"check of an empty store", "check", good, 0, "a refresh would work"},
		{"first refresh is full", "incremental", good, 0, `"mode": "full"`},
		{"nothing new", "incremental", good, 0, `"outcome": "unchanged"`},
		{"nothing new in a full refresh", "full", good, 0, `"outcome": "unchanged"`},
		{"wrong token", "incremental", with("AIRTABLE_API_KEY=patWrong"), 1, "AIRTABLE_API_KEY"},
		{"check with a wrong token", "check", with("AIRTABLE_API_KEY=patWrong"), 1, "AIRTABLE_API_KEY"},
		{"wrong table", "incremental", with("AIRTABLE_TABLE_NAME=Leed Bugs"), 1, "has no table"},
		{"check with a missing field", "check", with(`FIELD_MAP={"status":"Statos"}`), 1, `Status`},
		{"missing field", "incremental", with(`FIELD_MAP={"status":"Statos"}`), 1, `Statos`},
		{"another mapping", "incremental", with(`TEAM_MAP={"Documents":"Paper"}`), 0,
			`"outcome": "published"`},
		{"other years", "incremental", with(`FEEDBACK_YEARS=all`), 0, `"mode": "full"`},
	} {
		code, stdout, stderr := servertest.Run(t, step.env, "refresh", step.mode)
		if code != step.code || !strings.Contains(stdout+stderr, step.prints) {
			t.Errorf("%s: exit code %d, want %d and %q in:\n%s%s",
				step.name, code, step.code, step.prints, stdout, stderr)
		}
		if strings.Contains(stdout+stderr, "patWrong") {
			t.Errorf("%s: the token is printed", step.name)
		}
		ended := regexp.MustCompile(`"message":"run ended","run":"[^"]+","mode":"\w+",` +
			`"trigger":"cli","outcome":"\w+",.*"airtable_calls":`)
		lines := len(ended.FindAllString(stderr, -1))
		if want := map[bool]int{false: 1}[step.mode == "check"]; lines != want {
			t.Errorf("%s: %d lines of the log report the run, want %d:\n%s",
				step.name, lines, want, stderr)
		}
	}
}

func TestStoreOfAnotherBase(t *testing.T) {
	t.Parallel()
	airtable := servertest.NewBase(t, nil)
	store := "SNAPSHOT_STORE=file://" + t.TempDir()
	env := servertest.Environment(t, airtable.Variables(store)...)
	if code, _, stderr := servertest.Run(t, env, "refresh", "full"); code != 0 {
		t.Fatal(stderr)
	}
	env = servertest.Environment(t, airtable.Variables(store, "AIRTABLE_BASE_ID=appOther1")...)
	for _, args := range [][]string{nil, {"refresh", "full"}} {
		code, _, stderr := servertest.Run(t, env, args...)
		if code != 1 {
			t.Errorf("voc %v: exit code %d", args, code)
		}
		for _, part := range []string{airtable.ID, "appOther1", "AIRTABLE_BASE_ID", "SNAPSHOT_STORE"} {
			if !strings.Contains(stderr, part) {
				t.Errorf("voc %v: %q does not contain %s", args, stderr, part)
			}
		}
	}
}

func TestEmulatorAlone(t *testing.T) {
	t.Parallel()
	p := servertest.Start(t, servertest.Environment(t), "emulator")
	url, id, token := p.Printed(`URL +(\S+)`), p.Printed(`base +(app\w+)`), p.Printed(`token +(\S+)`)
	text := servertest.Send(t, servertest.Request{
		Method: http.MethodGet, URL: url + "/v0/" + id + "/Lead%20Bugs?pageSize=3", Token: token,
	})
	page := servertest.Parse[struct{ Records []any }](t, text)
	if len(page.Records) != 3 {
		t.Errorf("a page of 3 has %d records", len(page.Records))
	}
	if code := p.Terminate(); code != 0 {
		t.Errorf("exit code %d after a request to stop", code)
	}
}

// TestCheckReport: the report has a line for each part, fits 80 columns but for the setting that
// is to be copied, and ends with what to do.
func TestCheckReport(t *testing.T) {
	t.Parallel()
	airtable := servertest.NewBase(t, nil)
	env := servertest.Environment(t, airtable.Variables(
		"AIRTABLE_MONTHLY_CALLS=10", "CORS_ORIGINS=https://a.example")...)
	code, stdout, stderr := servertest.Run(t, env, "refresh", "check")
	for _, part := range []string{"\ntoken      ok ", "\nbase       ok ", "\nfields     ok ",
		"status: \"Status\" (singleSelect), in ", "\nyears      ok ", "\nquota      ok ",
		"note   that is more than the cap", "\nstore      ok ", " free where TMPDIR", "\nschedule   ok ",
		"\nreaders    ok ", "https://a.example",
		"\na refresh would work: voc refresh full\n"} {
		if code != 0 || !strings.Contains("\n"+stdout, part) {
			t.Errorf("exit code %d %s, the report does not contain %q:\n%s", code, stderr, part, stdout)
		}
	}
	if n := strings.Count(stdout, "UTC) is the next"); n != 5 {
		t.Errorf("the report has %d next runs, want 5:\n%s", n, stdout)
	}
	for _, field := range []string{"Notes", "Resolution Notes"} {
		airtable.Sim.DropField(field)
	}
	airtable.Sim.RenameField("Initial Description", "Text of the customer")
	code, stdout, _ = servertest.Run(t, env, "refresh", "check")
	for _, part := range []string{"WRONG  21 of 24 keys", "description is missing",
		"FIELD_MAP='{\"description\":\"Text of the customer\"}'", "voc refresh check again"} {
		if code != 1 || !strings.Contains(stdout, part) {
			t.Errorf("exit code %d, the report does not contain %q:\n%s", code, part, stdout)
		}
	}
	for line := range strings.Lines(stdout) {
		if len([]rune(line)) > 81 && !strings.HasPrefix(line, "FIELD_MAP=") {
			t.Errorf("%d columns: %s", len([]rune(line))-1, line)
		}
	}
}

// TestPortInUse: a port in use is the most likely failure of `make run`. The error names the
// variable and a value that works.
func TestPortInUse(t *testing.T) {
	t.Parallel()
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	taken := other.Addr().String()
	for variable, args := range map[string][]string{"ADDR": nil, "AIRTABLE_SIM_ADDR": {"emulator"}} {
		code, stdout, stderr := servertest.Run(t, servertest.Environment(t, variable+"="+taken), args...)
		prefix := "voc: listen on " + taken + ": address already in use: set " + variable + "=127.0.0.1:"
		if code != 2 || stdout != "" || !strings.HasPrefix(stderr, prefix) ||
			strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit code %d, printed %q and %q, want %q",
				variable, code, stdout, stderr, prefix)
		}
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--help"}, {"refresh", "--help"}} {
		code, stdout, stderr := servertest.Run(t, servertest.Environment(t), args...)
		if code != 0 || stderr != "" || !strings.HasPrefix(stdout, "Usage: voc") {
			t.Errorf("voc %v: exit code %d, %q, %q", args, code, stdout, stderr)
		}
	}
}

// TestHelpRehearse: the topic has the commands as lines to paste, with the variable of the page.
func TestHelpRehearse(t *testing.T) {
	t.Parallel()
	code, text, stderr := servertest.Run(t, nil, "help", "rehearse")
	for _, line := range []string{
		"curl -X POST $sim/control/refuse-token\n",
		"curl -d field=Status -d to=State $sim/control/rename-field\n",
		"curl -X POST $sim/control/undo\n",
	} {
		if code != 0 || !strings.Contains(text, line) {
			t.Errorf("exit code %d, no %q in:\n%s%s", code, line, text, stderr)
		}
	}
}

// TestHelpEnvironment: both forms have each variable that a host reads, and print it whatever the
// environment holds.
func TestHelpEnvironment(t *testing.T) {
	t.Parallel()
	environ := []string{"SNAPSHOT_KEEP=0"}
	_, text, _ := servertest.Run(t, environ, "help", "environment")
	_, table, _ := servertest.Run(t, environ, "help", "environment", "--markdown")
	for _, v := range config.Variables() {
		lines := regexp.MustCompile(`(?m)^` + v.Name + `( \(default: .+\))?\n    .+$`)
		if lines.MatchString(text) != (v.Hosts != nil) {
			t.Errorf("%s: read by %v, and the text is\n%s", v.Name, v.Hosts, text)
		}
		row := "\n| `" + v.Name + "` | " + v.Meaning + " | "
		if strings.Contains(table, row) != (v.Hosts != nil) {
			t.Errorf("%s: read by %v, and the table is\n%s", v.Name, v.Hosts, table)
		}
	}
}
