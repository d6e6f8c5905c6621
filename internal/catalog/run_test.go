package catalog_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"voc/internal/blob"
	"voc/internal/catalog"
)

func TestTimesAndTextsAreInTheContractsForm(t *testing.T) {
	west := time.FixedZone("west", -8*3600)
	for _, row := range []struct {
		value any
		want  string
	}{
		{catalog.At(time.Date(2026, 11, 30, 16, 0, 0, 123_999_999, west)), `"2026-12-01T00:00:00.123Z"`},
		{catalog.Time{Time: time.Date(2026, 11, 30, 16, 0, 0, 0, west)}, `"2026-12-01T00:00:00.000Z"`},
		{catalog.Time{}, `null`},
		{catalog.Nullable(""), `null`},
		{catalog.Nullable(`a "b"`), `"a \"b\""`},
	} {
		got, err := json.Marshal(row.value)
		if err != nil || string(got) != row.want {
			t.Errorf("%v is %s, %v; want %s", row.value, got, err, row.want)
		}
	}
	var read struct{ A, B catalog.Time }
	if err := json.Unmarshal([]byte(`{"A":"2026-12-01T00:00:00.123Z","B":null}`), &read); err != nil || !read.B.IsZero() ||
		!read.A.Equal(time.Date(2026, 12, 1, 0, 0, 0, 123_000_000, time.UTC)) {
		t.Errorf("read %v, %v", read, err)
	}
	if err := json.Unmarshal([]byte(`{"A":"yesterday"}`), &read); err == nil {
		t.Error("yesterday is read as a time")
	}
}

func TestAModeCoversWhatItDoes(t *testing.T) {
	for _, row := range []struct {
		m, other catalog.Mode
		want     bool
	}{
		{catalog.Full, catalog.Full, true}, {catalog.Full, catalog.Incremental, true},
		{catalog.Incremental, catalog.Incremental, true}, {catalog.Incremental, catalog.Full, false},
	} {
		if got := row.m.Covers(row.other); got != row.want {
			t.Errorf("%s covers %s: %v", row.m, row.other, got)
		}
	}
}

func TestRunIDsSortByTimeAndFitIntoKeys(t *testing.T) {
	at := time.Date(2026, 11, 23, 22, 3, 32, 0, time.FixedZone("east", 3600))
	first, second := catalog.NewRunID(catalog.Full, at), catalog.NewRunID(catalog.Full, at.Add(time.Second))
	if !strings.HasPrefix(first, "full-20261123T210332Z-") || first >= second || first == catalog.NewRunID(catalog.Full, at) {
		t.Errorf("%s, then %s", first, second)
	}
	if err := blob.CheckKey("snapshots/" + first); err != nil {
		t.Error(err)
	}
}
