package main_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"voc/internal/airtablesim"
	"voc/internal/serverhost"
	"voc/internal/serverhost/servertest"
)

// state is something that goes wrong, and the words that lead an operator to its cause and its
// cure.
type state struct {
	name string
	// begin makes it so, on a server that serves, and returns how to make it well again; nil if
	// nothing is left to do.
	begin func(*operated, *servertest.Server) (end func())
	// cause and cure must be in the status, in the log and in the output of voc status.
	cause, cure []string
	// health is in the reasons once a due refresh is late; "" if the data stays as current as the
	// schedule promises.
	health string
	// passes is true of a state that the next refresh ends.
	passes bool
	// log has the words of the log from the next scheduled refresh on; nil for cause and cure,
	// from the beginning.
	log []string
	// restart is true if the state begins with another start of the server.
	restart bool
}

var states = []state{
	{
		name: "Airtable down", begin: failing("down", "", "incremental"),
		cause:  []string{"503 RETRIABLE_ERROR", "Airtable failed or took too long"},
		cure:   []string{"retry later"},
		health: "503 RETRIABLE_ERROR",
	},
	{
		name: "token revoked", begin: failing("refuse-token", "", "incremental"),
		cause:  []string{"401 UNAUTHORIZED", "the token is mistyped, expired or revoked"},
		cure:   []string{"check AIRTABLE_API_KEY"},
		health: "401 UNAUTHORIZED",
	},
	{
		name: "field renamed", begin: failing("rename-field", "field=Status&to=State", "incremental"),
		cause: []string{`field "Status" is called "State" now and was followed`},
		cure:  []string{"rename it in FIELD_MAP"},
	},
	{
		name: "field removed", begin: failing("drop-field", "field=Status", "incremental"),
		cause:  []string{"rejected by the publish gate", `field "Status"`, "is missing from the table"},
		cure:   []string{"restore the field", `"status" in FIELD_MAP`, "--accept"},
		health: "rejected by the publish gate",
	},
	{
		name: "field blanked", begin: failing("blank-field", "field=Status", "incremental"),
		cause: []string{"rejected by the publish gate", `field "Status" had a value in `,
			" and would have one in 0 of 90"},
		cure:   []string{"Restore the data in Airtable", "--accept"},
		health: "rejected by the publish gate",
	},
	{
		// An incremental refresh cannot know of deletions: the state begins with a sweep.
		name: "half deleted", begin: failing("delete-half", "", "sweep"),
		cause: []string{"rejected by the publish gate",
			"45 of 90 records (50.0 %) would be removed", "MAX_SHRINK_PERCENT is 20"},
		cure:   []string{"Restore the data in Airtable", "--accept"},
		health: "rejected by the publish gate",
	},
	{
		name: "billing limit", begin: failing("billing-limit", "", "incremental"),
		cause:  []string{"API calls of the"},
		cure:   []string{"choose a larger plan, or wait for the 1st of the next month"},
		health: "used up",
	},
	{
		name: "killed", begin: kill,
		cause:  []string{"stopped renewing its lease", "crashed"},
		cure:   []string{"the next refresh does its work"},
		passes: true, restart: true,
	},
	{
		name: "rolled back", begin: rollBack,
		cause: []string{"rolled back to snapshot"},
		cure:  []string{"scheduled refreshes are held until a person starts one"},
		log:   []string{"a rollback holds scheduled refreshes until a person starts one"},
	},
}

// TestOperatorReadsCauseAndCure plays the operator: each state is looked at when it begins, an
// hour later and eight hours later, with a status, a health check, the log of the server since its
// last start, and voc status. Once the cause is removed, a full refresh ends it.
func TestOperatorReadsCauseAndCure(t *testing.T) {
	t.Parallel()
	for _, s := range slices.Concat(states, linuxStates) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			o := newOperated(t)
			p := o.start(0)
			end := s.begin(o, p)
			for _, age := range []time.Duration{0, time.Hour, 8 * time.Hour} {
				if age > 0 || s.restart {
					p.Terminate()
					p = o.start(age)
				}
				o.check(p, s, age)
			}
			if end != nil {
				end()
			}
			if r := p.Refresh("full"); r.Outcome != "published" && r.Outcome != "unchanged" {
				t.Errorf("after the cure: %+v", r)
			}
			p.Eventually("is healthy", func() bool { code, _ := o.health(p); return code == 200 })
			if left := o.status(p); left.CacheStatus.LastError != "" || left.Stale ||
				len(left.Warnings) > 0 {
				t.Errorf("after the cure: %+v", left)
			}
		})
	}
}

// check compares what an operator sees with the words of a state.
func (o *operated) check(p *servertest.Server, s state, age time.Duration) {
	o.t.Helper()
	switch {
	case age > 0 && s.health != "":
		p.Eventually("names in its health: "+s.health, func() bool { // its view may be seconds old
			code, health := o.health(p)
			return code == 503 && strings.Contains(health, s.health) &&
				!strings.Contains(health, "no run has reported")
		})
	case age > 0: // the server may not have begun yet to catch up what it missed
		p.Eventually("is healthy", func() bool { code, _ := o.health(p); return code == 200 })
	default:
		if code, health := o.health(p); code != 200 {
			o.t.Errorf("health: %d %s", code, health)
		}
	}
	// A run's line is logged after its receipt is published.
	p.Eventually("logs the cause and the cure", func() bool {
		return !slices.ContainsFunc(s.logged(age), func(word string) bool {
			return !strings.Contains(inWords(p.Output()), word)
		})
	})
	body := o.status(p)
	_, printed := o.voc("status")
	for place, text := range map[string]string{
		"status":     strings.Join(append(body.Warnings, body.CacheStatus.LastError), "\n"),
		"voc status": printed,
	} {
		for _, word := range slices.Concat(s.cause, s.cure) {
			if over := s.passes && age > 0; strings.Contains(inWords(text), word) == over {
				o.t.Errorf("after %s, %q in %s: %v\n%.2000s", age, word, place, !over, text)
			}
		}
	}
}

// inWords returns text on one line, with quotes as people read them.
func inWords(text string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(text, `\"`, `"`)), " ")
}

// logged returns the words of a state in the log.
func (s state) logged(age time.Duration) []string {
	switch {
	case s.passes && age > 0, s.log != nil && age == 0:
		return nil // over, or not yet
	case s.log != nil:
		return s.log
	}
	return slices.Concat(s.cause, s.cure)
}

// failing returns a begin that makes the emulator fail and runs a refresh.
func failing(command, parameters, mode string) func(*operated, *servertest.Server) func() {
	return func(o *operated, p *servertest.Server) func() {
		o.airtable.Fail(command, parameters)
		p.Refresh(mode)
		return func() { o.airtable.Fail("undo", "") }
	}
}

// kill kills a process over the same store in the middle of a refresh.
func kill(o *operated, p *servertest.Server) func() {
	victim, _ := serve(o.t, o.t.TempDir(), o.env)
	victim.Printed(`(voc serves)`)
	called, killed := make(chan struct{}), make(chan struct{})
	o.airtable.Sim.Before(func(airtablesim.Call) {
		close(called)
		<-killed
	})
	victim.StartRefresh("incremental", "")
	<-called
	victim.Kill()
	o.airtable.Sim.Before(nil)
	close(killed)
	return nil
}

// rollBack makes a second snapshot and rolls back to the first.
func rollBack(o *operated, p *servertest.Server) func() {
	o.airtable.Create(`{"Notes":"one more record"}`)
	p.Refresh("incremental")
	if code, printed := o.voc("rollback", "previous"); code != 0 {
		o.t.Fatal(printed)
	}
	return nil
}

// operated is a base with a store, a server and commands that share a clock. The store's clock
// stays the machine's.
type operated struct {
	t         *testing.T
	ahead     atomic.Int64 // of the machine's clock
	airtable  *servertest.Base
	temporary string
	env       []string
}

func newOperated(t *testing.T) *operated {
	t.Helper()
	o := &operated{t: t, temporary: t.TempDir()}
	o.airtable = servertest.NewBaseAt(t, nil, o.now)
	begin := o.now().UTC()
	due := func(in time.Duration, hour string) string {
		at := begin.Add(in)
		if hour == "" {
			hour = fmt.Sprint(at.Hour())
		}
		return fmt.Sprintf("cron(%d %s * * ? *)", at.Minute(), hour)
	}
	o.env = environment(t, o.airtable.Variables(
		"TMPDIR="+o.temporary, "SCHEDULE_TIMEZONE=UTC",
		"SCHEDULE_INCREMENTAL="+due(20*time.Minute, "*"),
		"SCHEDULE_SWEEP="+due(25*time.Minute, "*"),
		"SCHEDULE_FULL="+due(5*time.Hour, ""),
	)...)
	return o
}

func (o *operated) now() time.Time {
	return time.Now().Round(0).Add(time.Duration(o.ahead.Load()))
}

// start starts a server at an age of the state, and waits for what it does first: it loads the
// data, or catches up the refresh that it missed.
func (o *operated) start(age time.Duration) *servertest.Server {
	o.t.Helper()
	o.ahead.Store(int64(age))
	p := servertest.StartProgram(o.t, serverhost.Program{Environ: o.env, Now: o.now})
	p.Printed(`(voc serves)`)
	p.Eventually("is at rest", func() bool { return o.status(p).CacheStatus.Running == nil })
	return p
}

// voc runs a command and returns its exit code and its output.
func (o *operated) voc(args ...string) (code int, printed string) {
	var out bytes.Buffer
	p := serverhost.Program{Args: args, Environ: o.env, Stdout: &out, Stderr: &out, Now: o.now}
	code = p.Run(o.t.Context())
	return code, out.String()
}

// statusBody has the keys of GET /api/cache/ that the test reads.
type statusBody struct {
	CacheStatus struct {
		LastError string `json:"last_error"`
		Running   any
	} `json:"cache_status"`
	Stale    bool
	Warnings []string
}

func (o *operated) status(p *servertest.Server) statusBody {
	o.t.Helper()
	return servertest.Parse[statusBody](o.t, servertest.Get(o.t, p.URL()+"/api/cache/"))
}

func (o *operated) health(p *servertest.Server) (code int, body string) {
	o.t.Helper()
	response, err := http.Get(p.URL() + "/api/health")
	if err != nil {
		o.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}
