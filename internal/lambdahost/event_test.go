package lambdahost_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"voc/internal/catalog"
	"voc/internal/lambdahost"
)

var now = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func TestEventsThatAreAccepted(t *testing.T) {
	scheduled := lambdahost.Order{Action: lambdahost.Refresh, RunID: "full-20261130T045900Z-sched", Mode: catalog.Full, Trigger: "schedule"}
	for event, want := range map[string]lambdahost.Order{
		`{"mode":"full","trigger":"schedule","scheduled_time":"2026-11-30T04:59:00Z"}`:      scheduled,
		`{"mode":"full","trigger":"schedule","scheduled_time":"2026-11-29T23:59:00-05:00"}`: scheduled,
		`{"mode":"full","trigger":"schedule","run_id":"full-2026-11-30T04:59:00Z"}`:         scheduled,
		`{"mode":"incremental","trigger":"api","accept":true,"run_id":"incremental-20261126T115959Z-abcde"}`: {
			Action: lambdahost.Refresh, RunID: "incremental-20261126T115959Z-abcde", Mode: catalog.Incremental, Trigger: "api", Accept: true},
		`{"mode":"check"}`:       {Action: lambdahost.Check},
		`{"mode": "get_status"}`: {Action: lambdahost.Status},
	} {
		t.Run(event, func(t *testing.T) {
			got, err := lambdahost.ReadOrder([]byte(event), "sweep", now)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestAnEventFromTheConsoleIsARunOfItsOwn(t *testing.T) {
	for event, want := range map[string]struct {
		mode catalog.Mode
		to   string
	}{
		``: {mode: "sweep"}, `null`: {mode: "sweep"}, `{}`: {mode: "sweep"}, `{"mode":""}`: {mode: "sweep"},
		`{"mode":"full"}`: {mode: "full"}, `{"mode":"refresh_full"}`: {mode: "full"}, `{"mode":"refresh_incremental"}`: {mode: "incremental"},
		`{"mode":"rollback","snapshot":"previous"}`: {mode: "rollback", to: "previous"},
	} {
		order, err := lambdahost.ReadOrder([]byte(event), "sweep", now)
		mode, at, ok := catalog.ParseRunID(order.RunID)
		if err != nil || order.Action != lambdahost.Refresh || order.Mode != want.mode || order.To != want.to || order.Trigger != "console" ||
			!ok || mode != want.mode || !at.Equal(now) {
			t.Errorf("%s: %+v, %v", event, order, err)
		}
	}
}

func TestEventsThatAreRefusedSayWhatIsAccepted(t *testing.T) {
	for event, words := range map[string]string{
		`{"mode":"everything"}`:             `no mode "everything"`,
		`{"mode":"Full"}`:                   `no mode "Full"`,
		`{"mode":1}`:                        `"mode" can not be number`,
		`{"key1":"value1"}`:                 `unknown field "key1"`,
		`{"detail-type":"Scheduled Event"}`: `unknown field "detail-type"`,
		`{"mode":"full"} {}`:                "follows",
		`{"mode":"full"`:                    "unexpected EOF",
		`"full"`:                            "must be a JSON object, and is string",
		`[]`:                                "must be a JSON object, and is array",
		`{"mode":"full","trigger":"cron"}`:  `no trigger "cron"`,
		`{"mode":"full","scheduled_time":"2026-11-30T04:59:00Z"}`:                                "scheduled_time",
		`{"mode":"full","trigger":"schedule","scheduled_time":"soon"}`:                           "scheduled_time",
		`{"mode":"full","run_id":"incremental-20261126T115959Z-abcde"}`:                          "no id of a run of mode",
		`{"mode":"full","run_id":"x"}`:                                                           "no id of a run of mode",
		`{"mode":"rollback"}`:                                                                    `needs "snapshot"`,
		`{"mode":"rollback","snapshot":"previous","accept":true}`:                                "nothing to accept",
		`{"mode":"full","snapshot":"previous"}`:                                                  "takes no snapshot",
		`{"mode":"check","accept":true}`:                                                         "nothing to accept",
		`{"mode":"full","accept":"yes"}`:                                                         `"accept" can not be string`,
		`{"mode":"full","trigger":"schedule","scheduled_time":"<aws.scheduler.scheduled-time>"}`: "scheduled_time",
	} {
		t.Run(event, func(t *testing.T) {
			order, err := lambdahost.ReadOrder([]byte(event), "full", now)
			if err == nil {
				t.Fatalf("taken for %+v", order)
			}
			for _, part := range []string{words, lambdahost.Forms} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not contain %q", err, part)
				}
			}
			if strings.Contains(err.Error(), "lambdahost") {
				t.Errorf("it names types of the program: %v", err)
			}
		})
	}
}

// FuzzReadOrder: whatever is understood is an order that makes sense, and reads the same again.
func FuzzReadOrder(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `{}`, `{"mode":"full","trigger":"schedule","scheduled_time":"2026-11-30T04:59:00Z"}`, `{"mode":"rollback","snapshot":"previous"}`,
		`{"mode":"incremental","trigger":"api","accept":true,"run_id":"incremental-20261126T115959Z-abcde"}`, `{"mode":"check"}`, `{"mode":"get_status"}`,
		`{"mode":"refresh_full"}`, `{"key1":"value1"}`, `[]`, `{"mode":"full"}x`, "{\"mode\":\"f\\u0075ll\"}", `{"MODE":"full"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, event []byte) {
		order, err := lambdahost.ReadOrder(event, "incremental", now)
		if err != nil {
			if (order != lambdahost.Order{}) || !strings.Contains(err.Error(), lambdahost.Forms) {
				t.Errorf("%+v beside %v", order, err)
			}
			return
		}
		again, err := lambdahost.ReadOrder(event, "incremental", now)
		if err != nil || again.Action != order.Action || again.Mode != order.Mode {
			t.Errorf("once %+v, then %+v, %v", order, again, err)
		}
		if order.Action != lambdahost.Refresh {
			if (order != lambdahost.Order{Action: order.Action}) {
				t.Errorf("%q with a run: %+v", order.Action, order)
			}
			return
		}
		if mode, _, ok := catalog.ParseRunID(order.RunID); !ok || mode != order.Mode || order.Trigger == "" {
			t.Errorf("a run that can not be found again: %+v", order)
		}
		if (order.Mode == catalog.Rollback) != (order.To != "") {
			t.Errorf("a rollback to nowhere, or another run to somewhere: %+v", order)
		}
	})
}

func TestAScheduleThatDoesNotTellItsTimeIsARunOfNow(t *testing.T) {
	order, err := lambdahost.ReadOrder([]byte(`{"mode":"incremental","trigger":"schedule"}`), "full", now)
	if _, at, ok := catalog.ParseRunID(order.RunID); err != nil || order.Trigger != "schedule" || !ok || !at.Equal(now) {
		t.Errorf("%+v, %v", order, err)
	}
}
