package httpapi

import (
	"slices"
	"time"

	"voc/internal/job"
	"voc/internal/replica"
)

// freshnessBody is the promise for an edit: how long it takes from Airtable to an answer, with the
// present configuration and at the usual distance of two runs.
type freshnessBody struct {
	Typical *int            `json:"typical_s"` // null: no schedule, or no run that was measured
	Worst   *int            `json:"worst_s"`   // the sum of the terms
	Terms   []freshnessTerm `json:"terms"`
}

type freshnessTerm struct {
	Name    string `json:"name"`
	Seconds int    `json:"seconds"` // at most
}

const (
	// measuredRuns is how many receipts the duration of a run is taken from.
	measuredRuns = 20

	// slowFetch is how many bytes of a snapshot a slow host fetches and unpacks in a second. S3
	// delivers several times as many to a function (AWS performance guidelines, 2026).
	slowFetch = 10 << 20
)

// freshness adds up what an edit waits for: the next run, that run, a reader's next look at the
// manifest, and the fetch of the snapshot. On average a wait is half as long as at most.
func (a *API) freshness(view replica.View, h history) freshnessBody {
	body := freshnessBody{Terms: []freshnessTerm{}}
	every := a.interval()
	took := durations(h.finished, job.Incremental)
	if took == nil {
		took = durations(h.finished, job.Full)
	}
	if every == 0 || took == nil || view.File == nil {
		return body
	}
	fetch := time.Duration(view.Snapshot.Bytes) * time.Second / slowFetch
	worst := 0
	for _, term := range []struct {
		name string
		most time.Duration
	}{{"schedule", every}, {"run", slices.Max(took)}, {"look", maxViewAge}, {"fetch", fetch}} {
		body.Terms = append(body.Terms, freshnessTerm{term.name, seconds(term.most)})
		worst += seconds(term.most)
	}
	slices.Sort(took)
	typical := seconds(every/2 + took[len(took)/2] + maxViewAge/2 + fetch)
	body.Typical, body.Worst = &typical, &worst
	return body
}

// durations returns how long the last runs of a mode took that succeeded; nil if there are none.
func durations(runs []job.Run, mode job.Mode) (took []time.Duration) {
	for _, run := range runs {
		if run.Mode == mode && run.Succeeded() && len(took) < measuredRuns {
			took = append(took, run.Finished.Sub(run.Started.Time))
		}
	}
	return took
}

// seconds rounds up.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// usualInterval returns the shortest of the usual intervals of the schedules: every mode reads what
// was edited. It is 0 if no schedule has one.
func (s Schedules) usualInterval(now time.Time) (shortest time.Duration) {
	for _, one := range []time.Duration{
		s.Incremental.Interval(now), s.Sweep.Interval(now), s.Full.Interval(now),
	} {
		if one > 0 && (shortest == 0 || one < shortest) {
			shortest = one
		}
	}
	return shortest
}
