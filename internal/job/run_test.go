package job_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"voc/internal/blob"
	"voc/internal/job"
)

func TestTimeAndNullableJSON(t *testing.T) {
	t.Parallel()
	west := time.FixedZone("west", -8*3600)
	for _, row := range []struct {
		value any
		want  string
	}{
		{job.At(time.Date(2026, 11, 30, 16, 0, 0, 123_999_999, west)), `"2026-12-01T00:00:00.123Z"`},
		{job.Time{Time: time.Date(2026, 11, 30, 16, 0, 0, 0, west)}, `"2026-12-01T00:00:00.000Z"`},
		{job.Time{}, `null`},
		{job.Nullable(""), `null`},
		{job.Nullable(`a "b"`), `"a \"b\""`},
	} {
		got, err := json.Marshal(row.value)
		if err != nil || string(got) != row.want {
			t.Errorf("%v is %s, %v; want %s", row.value, got, err, row.want)
		}
	}
	var read struct{ A, B job.Time }
	if err := json.Unmarshal([]byte(`{"A":"2026-12-01T00:00:00.123Z","B":null}`), &read); err != nil ||
		!read.B.IsZero() ||
		!read.A.Equal(time.Date(2026, 12, 1, 0, 0, 0, 123_000_000, time.UTC)) {
		t.Errorf("read %v, %v", read, err)
	}
	for _, text := range []string{`"yesterday"`, `"9999-12-31T23:59:59-01:00"`,
		`"0000-01-01T00:00:00+01:00"`, `7`} {
		if err := json.Unmarshal([]byte(text), &read.A); err == nil {
			t.Errorf("%s is read as the time %v", text, read.A)
		}
	}
	if err := json.Unmarshal([]byte(`"2026-11-30T16:00:00.1239-08:00"`), &read.A); err != nil ||
		read.A != job.At(time.Date(2026, 12, 1, 0, 0, 0, 123_000_000, time.UTC)) {
		t.Errorf("read %v, %v; not what is written of it", read.A, err)
	}
}

func TestModeCovers(t *testing.T) {
	t.Parallel()
	covers := map[job.Mode]string{
		job.Full: "full sweep incremental remap", job.Sweep: "sweep incremental remap",
		job.Incremental: "incremental remap", job.Remap: "remap", job.Rollback: "", "check": "",
	}
	for m, all := range covers {
		for other := range covers {
			if want := slices.Contains(strings.Fields(all), string(other)); m.Covers(other) != want {
				t.Errorf("%s covers %s: %v", m, other, !want)
			}
		}
	}
}

func TestTriggerByPerson(t *testing.T) {
	t.Parallel()
	for trigger, want := range map[job.Trigger]bool{
		job.TriggerAPI: true, job.TriggerConsole: true, job.TriggerCLI: true,
		job.TriggerSchedule: false, job.TriggerCatchUp: false, job.TriggerStart: false, "": false,
	} {
		if got := trigger.ByPerson(); got != want {
			t.Errorf("%q is a person: %v", trigger, got)
		}
	}
}

func TestRunIDsSortAndFitKeys(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 22, 3, 32, 0, time.FixedZone("east", 3600))
	first, second := job.NewRunID(job.Full, at), job.NewRunID(job.Full, at.Add(time.Second))
	if !strings.HasPrefix(first, "full-20261123T210332Z-") || first >= second ||
		first == job.NewRunID(job.Full, at) {
		t.Errorf("%s, then %s", first, second)
	}
	if err := blob.CheckKey("snapshots/" + first); err != nil {
		t.Error(err)
	}
}
