package serverhost

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"voc/internal/job"
	"voc/internal/watch"
)

// statusCmd prints what is served, how old it is, and what is wrong.
type statusCmd struct {
	URL  string `arg:"" optional:"" name:"url" help:"${url}"`
	JSON bool   `name:"json" help:"Print the response of GET /api/cache/."`
}

const urlHelp = "A server or a deployed API, such as https://voc.example.com/api, instead of the " +
	"store that the environment configures."

// status is the response of GET /api/cache/, with the keys that the table shows, and the reasons
// of GET /api/health.
type status struct {
	CacheStatus struct {
		LastUpdate   job.Time `json:"last_update"`
		TotalRecords int      `json:"total_records"`
		LastError    string   `json:"last_error"`
		Running      *struct {
			RunID   string   `json:"run_id"`
			Started job.Time `json:"started"`
			Records int      `json:"records"`
		} `json:"running"`
	} `json:"cache_status"`
	Snapshot *struct {
		ID       string   `json:"id"`
		DataAsOf job.Time `json:"data_as_of"`
	} `json:"snapshot"`
	Stale    bool `json:"stale"`
	Schedule map[job.Mode]struct {
		NextRun     job.Time `json:"next_run"`
		LastSuccess job.Time `json:"last_success"`
		LastError   string   `json:"last_error"`
	} `json:"schedule"`
	Airtable struct {
		CallsThisMonth int `json:"calls_this_month"`
		MonthlyCap     int `json:"monthly_cap"`
		Forecast       int `json:"forecast"`
	} `json:"airtable"`
	Warnings []string `json:"warnings"`

	reasons []string
}

// errStale is the error of a status that has been printed: what is served is not what it should be.
var errStale = fmt.Errorf("%w: the data is stale", errPrinted)

// Run prints the status. It returns an error if there is no data, or the data is stale.
func (c statusCmd) Run(ctx context.Context, p *Program) error {
	a, err := p.openAPI(ctx, c.URL)
	if err != nil {
		return err
	}
	defer a.close()
	var s status
	answer, err := a.get(ctx, "/api/cache/")
	if err == nil {
		err = json.Unmarshal(answer.body, &s)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		err = p.indent(answer.body)
	} else if err = a.readReasons(ctx, &s); err == nil {
		err = s.print(p.Stdout, p.now(), a)
	}
	if err == nil && (s.Stale || s.Snapshot == nil) {
		return errStale
	}
	return err
}

// indent prints JSON indented.
func (p *Program) indent(text []byte) error {
	var out bytes.Buffer
	if err := json.Indent(&out, bytes.TrimSpace(text), "", "  "); err != nil {
		return err
	}
	_, err := fmt.Fprintln(p.Stdout, &out)
	return err
}

// readReasons adds why the API is degraded.
func (a *api) readReasons(ctx context.Context, s *status) error {
	var health struct{ Reasons []string }
	answer, err := a.get(ctx, "/api/health", http.StatusServiceUnavailable)
	if err == nil {
		err = json.Unmarshal(answer.body, &health)
	}
	s.reasons = health.Reasons
	return err
}

// modes are those with a schedule, the one that does most first.
var modes = []job.Mode{job.Full, job.Sweep, job.Incremental}

// print prints the table. It fits 80 columns.
func (s status) print(out io.Writer, now time.Time, a *api) error {
	t := table{indent: len("incremental  ")}
	t.row("verdict", s.verdict())
	t.row("of", a.place)
	if s.Snapshot != nil {
		t.row("serves", fmt.Sprintf("%d records as of %s (%s ago)",
			s.CacheStatus.TotalRecords, minute(s.Snapshot.DataAsOf), since(s.Snapshot.DataAsOf, now)))
		t.row("snapshot", s.Snapshot.ID)
	}
	if !s.CacheStatus.LastUpdate.IsZero() {
		t.row("confirmed", fmt.Sprintf("%s (%s ago), by a refresh",
			minute(s.CacheStatus.LastUpdate), since(s.CacheStatus.LastUpdate, now)))
	}
	if running := s.CacheStatus.Running; running != nil {
		t.row("running", fmt.Sprintf("%s, for %s: %d records",
			running.RunID, since(running.Started, now), running.Records))
	}
	for _, mode := range modes {
		plan := s.Schedule[mode]
		last, next := "never", "off"
		if !plan.LastSuccess.IsZero() {
			last = strings.TrimSuffix(minute(plan.LastSuccess), " UTC")
		}
		if !plan.NextRun.IsZero() {
			next = fmt.Sprintf("%s (in %s)", minute(plan.NextRun), span(plan.NextRun.Sub(now)))
		}
		t.row(string(mode), fmt.Sprintf("done %s, next %s", last, next))
	}
	calls := fmt.Sprintf("%d calls this month, %d expected by its end",
		s.Airtable.CallsThisMonth, s.Airtable.Forecast)
	if s.Airtable.MonthlyCap > 0 {
		calls += fmt.Sprintf(", at most %d", s.Airtable.MonthlyCap)
	}
	t.row("Airtable", calls)
	for _, reason := range s.reasons { // it repeats the start of an error that is among the warnings
		reason, _, _ = strings.Cut(reason, "; it ended as ")
		if !slices.Contains(s.Warnings, reason) {
			t.row("wrong", reason)
		}
	}
	for _, warning := range s.Warnings {
		name := "note"
		if strings.Contains(warning, " refresh failed at ") {
			name = "wrong"
		}
		t.row(name, warning)
	}
	for _, action := range s.actions(a) {
		t.row("do", action)
	}
	return t.print(out)
}

// verdict is what an operator wants to know first.
func (s status) verdict() string {
	switch {
	case s.Snapshot == nil:
		return "EMPTY: nothing is served"
	case s.Stale && s.held():
		return "HELD: rolled back, and scheduled refreshes wait"
	case s.Stale:
		return "STALE: a refresh that was due has not succeeded"
	case len(s.reasons) > 0:
		return "DEGRADED: see what is wrong"
	case s.CacheStatus.LastError != "":
		return "FAILING: the data is current enough, and the last refresh failed"
	case s.held():
		return "HELD: rolled back, and scheduled refreshes wait"
	case len(s.Warnings) > 0:
		return "OK, with warnings"
	}
	return "OK: the data is as current as the schedules promise"
}

// held reports whether a rollback holds the scheduled refreshes.
func (s status) held() bool {
	return slices.ContainsFunc(s.Warnings, func(warning string) bool {
		return strings.HasPrefix(warning, "rolled back ")
	})
}

// actions are what to do about what is wrong, as whole commands. Of an error, the text itself
// names the setting or the field.
func (s status) actions(a *api) (all []string) {
	refresh := func(mode job.Mode) string { return "voc refresh " + string(mode) }
	check := "voc refresh check"
	if a.url == a.place {
		check = "`voc refresh check` in the server's environment, or `make invoke-check` on AWS"
		refresh = func(mode job.Mode) string {
			return fmt.Sprintf("curl -X POST -H 'Authorization: Bearer <one of ADMIN_TOKENS>' "+
				"%s/api/cache/update-%s", a.url, mode)
		}
	}
	failed := false
	for _, mode := range modes {
		text := s.Schedule[mode].LastError
		switch {
		case strings.Contains(text, "publish gate"):
			all = append(all, "look in Airtable at what it names; if that is as it should be, accept "+
				"the change once, as the error says")
		case strings.Contains(text, "retry later"), strings.Contains(text, "next refresh does its work"):
			all = append(all, "nothing: the next refresh repairs it; at once: "+refresh(mode))
		case text != "":
			failed = true
		}
	}
	damaged := func(text string) bool { return strings.HasSuffix(text, watch.Damaged.Refer("")) }
	switch {
	case slices.ContainsFunc(s.Warnings, damaged):
		accept := " --accept"
		if a.url == a.place {
			accept = ` -d '{"accept":true}'`
		}
		all = append(all, "restore the object that is named, or: "+refresh(job.Full)+accept)
	case s.held():
		all = append(all, refresh(job.Incremental)+" ends the hold and refreshes")
	case failed:
		all = append(all, "correct the cause, then: "+check)
	case s.Snapshot == nil:
		all = append(all, check+" reports whether a refresh would work", refresh(job.Full))
	case s.Stale && len(all) == 0:
		all = append(all, "is the server running, with SCHEDULE=on? "+refresh(job.Full)+
			" does what was missed")
	case len(s.reasons) > 0 && len(all) == 0:
		all = append(all, "correct what is wrong, then: "+check)
	}
	return slices.Compact(all)
}

// healthCmd asks a running server for its health, as the health check of a container does.
type healthCmd struct {
	URL  string `arg:"" optional:"" name:"url" help:"${healthurl}"`
	Live bool   `help:"Ask only whether the process answers, whatever its data is."`
}

const healthURLHelp = "The server or deployed API; by default the one that this environment " +
	"configures, on this machine."

// Run prints the health. It returns an error unless it is ok.
func (c healthCmd) Run(ctx context.Context, p *Program) error {
	at := c.URL
	if at == "" {
		client, err := p.client()
		if err != nil {
			return err
		}
		at = client.URL
	}
	a, err := p.openAPI(ctx, at)
	if err != nil {
		return err
	}
	a.Timeout = healthWithin
	path := "/api/health"
	if c.Live {
		path = "/api/live"
	}
	answer, err := a.get(ctx, path, http.StatusServiceUnavailable)
	if err != nil {
		return err
	}
	var health struct {
		Status  string
		Reasons []string
	}
	if err := json.Unmarshal(answer.body, &health); err != nil {
		return err
	}
	fmt.Fprintln(p.Stdout, health.Status)
	for _, reason := range health.Reasons {
		fmt.Fprintln(p.Stdout, reason)
	}
	if answer.status != http.StatusOK {
		return errPrinted
	}
	return nil
}

// healthWithin bounds a health check: a server that takes longer to answer is not well.
const healthWithin = 5 * time.Second
