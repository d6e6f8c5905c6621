package lambdahost_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/job"
	"voc/internal/lambdahost"
)

var now = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func TestReadEvent(t *testing.T) {
	type result struct {
		Action  lambdahost.Action
		Request job.Request
	}
	const runID = "incremental-20261126T115959Z-abcde"
	scheduled := result{lambdahost.Refresh,
		job.Request{ID: "full-20261130T045900Z-sched", Mode: job.Full, Trigger: "schedule"}}
	for event, want := range map[string]result{
		`{"mode":"full","trigger":"schedule","scheduled_time":"2026-11-30T04:59:00Z"}`:      scheduled,
		`{"mode":"full","trigger":"schedule","scheduled_time":"2026-11-29T23:59:00-05:00"}`: scheduled,
		`{"mode":"full","trigger":"schedule","run_id":"full-2026-11-30T04:59:00Z"}`:         scheduled,
		`{"version":"0","id":"53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa","detail-type":"Scheduled Event",` +
			`"source":"aws.events","account":"123456789012","time":"2026-11-30T04:59:00Z",` +
			`"region":"us-east-1","resources":["arn:aws:events:us-east-1:123456789012:rule/r"],` +
			`"detail":{}}`: {lambdahost.Refresh,
			job.Request{ID: "sweep-20261130T045900Z-sched", Mode: job.Sweep, Trigger: "schedule"}},
		`{"mode":"incremental","trigger":"api","accept":true,"run_id":"` + runID + `"}`: {
			lambdahost.Refresh,
			job.Request{ID: runID, Mode: job.Incremental, Trigger: "api", Accept: true},
		},
		`{"mode":"check"}`:       {Action: lambdahost.Check},
		`{"mode": "get_status"}`: {Action: lambdahost.Status},
		`{"mode":"watch","trigger":"schedule","scheduled_time":"2026-11-30T05:15:00Z"}`: {
			Action: lambdahost.Watch},
		`{"mode":"drill"}`: {Action: lambdahost.Drill},
	} {
		t.Run(event, func(t *testing.T) {
			action, request, err := lambdahost.ReadEvent([]byte(event), "sweep", now)
			if diff := cmp.Diff(want, result{action, request}); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestReadEventFromConsole(t *testing.T) {
	for event, want := range map[string]struct {
		mode job.Mode
		to   string
	}{
		``: {mode: "sweep"}, `null`: {mode: "sweep"}, `{}`: {mode: "sweep"},
		`{"mode":""}`:     {mode: "sweep"},
		`{"mode":"full"}`: {mode: "full"}, `{"mode":"refresh_full"}`: {mode: "full"},
		`{"mode":"refresh_incremental"}`:            {mode: "incremental"},
		`{"mode":"rollback","snapshot":"previous"}`: {mode: "rollback", to: "previous"},
	} {
		action, request, err := lambdahost.ReadEvent([]byte(event), "sweep", now)
		mode, at, ok := job.ParseRunID(request.ID)
		if err != nil || action != lambdahost.Refresh || request.Mode != want.mode ||
			request.To != want.to || request.Trigger != "console" ||
			!ok || mode != want.mode || !at.Equal(now) {
			t.Errorf("%s: %s %+v, %v", event, action, request, err)
		}
	}
}

func TestReadEventErrors(t *testing.T) {
	const notID = "not the id of a run of mode"
	for event, words := range map[string]string{
		`{"mode":"everything"}`:             `no mode "everything"`,
		`{"mode":"Full"}`:                   `no mode "Full"`,
		`{"mode":1}`:                        `"mode" cannot be number`,
		`{"key1":"value1"}`:                 `unknown field "key1"`,
		`{"detail-type":"Scheduled Event"}`: `unknown field "detail-type"`,
		`{"mode":"full"} {}`:                "follows",
		`{"mode":"full"`:                    "unexpected EOF",
		`"full"`:                            "must be a JSON object, not string",
		`[]`:                                "must be a JSON object, not array",
		`{"mode":"full","trigger":"cron"}`:  `no trigger "cron"`,

		`{"mode":"full","scheduled_time":"2026-11-30T04:59:00Z"}`:      "scheduled_time",
		`{"mode":"full","trigger":"schedule","scheduled_time":"soon"}`: "scheduled_time",
		`{"mode":"full","trigger":"schedule",` +
			`"scheduled_time":"<aws.scheduler.scheduled-time>"}`: "scheduled_time",

		`{"mode":"full","run_id":"incremental-20261126T115959Z-abcde"}`: notID,
		`{"mode":"full","run_id":"x"}`:                                  notID,

		`{"mode":"rollback"}`: `needs "snapshot"`,
		`{"mode":"rollback","snapshot":"previous","accept":true}`: "nothing to accept",
		`{"mode":"full","snapshot":"previous"}`:                   "takes no snapshot",
		`{"mode":"check","accept":true}`:                          "nothing to accept",
		`{"mode":"full","accept":"yes"}`:                          `"accept" cannot be string`,
	} {
		t.Run(event, func(t *testing.T) {
			action, request, err := lambdahost.ReadEvent([]byte(event), "full", now)
			if err == nil {
				t.Fatalf("read as %s %+v", action, request)
			}
			for _, part := range []string{words, lambdahost.EventHelp} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not contain %q", err, part)
				}
			}
			if strings.Contains(err.Error(), "lambdahost") {
				t.Errorf("the error names Go types: %v", err)
			}
		})
	}
}

// FuzzReadEvent: a valid event gives a consistent request, and the same one again; an invalid event
// gives none.
func FuzzReadEvent(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `{}`, `{"mode":"full","trigger":"schedule","scheduled_time":"2026-11-30T04:59:00Z"}`,
		`{"mode":"rollback","snapshot":"previous"}`,
		`{"mode":"incremental","trigger":"api","accept":true,` +
			`"run_id":"incremental-20261126T115959Z-abcde"}`,
		`{"mode":"check"}`, `{"mode":"get_status"}`,
		`{"mode":"refresh_full"}`, `{"key1":"value1"}`, `[]`, `{"mode":"full"}x`,
		"{\"mode\":\"f\\u0075ll\"}", `{"MODE":"full"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, event []byte) {
		action, request, err := lambdahost.ReadEvent(event, "incremental", now)
		if err != nil {
			if action != "" || request != (job.Request{}) ||
				!strings.Contains(err.Error(), lambdahost.EventHelp) {
				t.Errorf("%s %+v with error %v", action, request, err)
			}
			return
		}
		sameAction, again, err := lambdahost.ReadEvent(event, "incremental", now)
		if err != nil || sameAction != action || again.Mode != request.Mode {
			t.Errorf("first %s %+v, then %s %+v, %v", action, request, sameAction, again, err)
		}
		if action != lambdahost.Refresh {
			if request != (job.Request{}) {
				t.Errorf("%q with a request: %+v", action, request)
			}
			return
		}
		if mode, _, ok := job.ParseRunID(request.ID); !ok || mode != request.Mode ||
			request.Trigger == "" {
			t.Errorf("a run without a valid id or trigger: %+v", request)
		}
		if (request.Mode == job.Rollback) != (request.To != "") {
			t.Errorf("a rollback without a snapshot, or another run with one: %+v", request)
		}
	})
}

func TestReadEventScheduleWithoutTime(t *testing.T) {
	_, request, err := lambdahost.ReadEvent([]byte(`{"mode":"incremental","trigger":"schedule"}`),
		"full", now)
	if _, at, ok := job.ParseRunID(request.ID); err != nil || request.Trigger != "schedule" || !ok ||
		!at.Equal(now) {
		t.Errorf("%+v, %v", request, err)
	}
}
