package snapshot_test

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// older is the snapshot of schema 1 that testdata has, made by the last version that made such: three records, of the cells in olderCells.
func older(t *testing.T) string {
	t.Helper()
	packed, err := os.Open("testdata/v1.sqlite.gz")
	check(t, err)
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	check(t, err)
	path := filepath.Join(folder(t), "older.sqlite")
	file, err := os.Create(path)
	check(t, err)
	_, err = io.Copy(file, unpacked)
	check(t, errors.Join(err, file.Close(), os.Chmod(path, 0o400)))
	return path
}

var olderCells = cells{
	"rec1": `{"Created":"2025-01-06","Initial Description":"The café's \"late\" fee","Notes":"hidden behind it","Team Routed":"Core","Priority":1,"Environment":"X","Time to In Progress":1.5,"Issue":7}`,
	"rec2": `{"Created":"2025-01-14T10:00:00.001Z","Notes":"late","Team Routed":"core","Area Impacted":["Loans","Cards"],"Status":"Done","Last Modified Time":"2025-02-01","Time From Report to Resolution":8}`,
	"rec3": `{"Reported On":"2025-02-03","Resolution Notes":"日本語 😀\r\n","Type of Issue":"Billing","Score":{"specialValue":"NaN"}}`,
}

// An API may be upgraded before the refresh is: what the older one publishes is served as if the newer had made it.
func TestASnapshotOfTheSchemaBeforeAnswersAsOneOfThis(t *testing.T) {
	t.Parallel()
	old, fresh := open(t, older(t)), opened(t, olderCells)
	if diff := cmp.Diff(ids(t, fresh), ids(t, old)); diff != "" {
		t.Errorf("ids (-this schema +the one before):\n%s", diff)
	}
	for id := range olderCells {
		want, err := fresh.Detail(t.Context(), id)
		check(t, err)
		got, err := old.Detail(t.Context(), id)
		if string(got) != string(want) || err != nil {
			t.Errorf("%s is %v\n%s, want\n%s", id, err, got, want)
		}
	}
	for name, filter := range map[string]feedback.Filter{"all": {}, "a team": {Any: are{"team": {"CORE"}}}, "an area": {Any: are{"area": {"cards"}}}, "a text": {Text: searchFor(t, "cafe late")}} {
		for _, sort := range feedback.Sorts {
			if diff := cmp.Diff(walk(t, fresh, filter, sort, 2), walk(t, old, filter, sort, 2)); diff != "" {
				t.Errorf("%s, %s (-this schema +the one before):\n%s", name, sort, diff)
			}
		}
	}
	if got, err := body(t, old, snapshot.Gzip); got != joined(t, fresh) || err != nil {
		t.Errorf("the list is %v\n%s", err, got)
	}
	for _, name := range []snapshot.Name{snapshot.FacetsReport, snapshot.TimesReport, snapshot.PlacesReport} {
		want, _, err := fresh.Report(t.Context(), name, nil)
		check(t, err)
		if got, _, err := old.Report(t.Context(), name, nil); string(got) != string(want) || err != nil {
			t.Errorf("%s is %v\n%s, want\n%s", name, err, got, want)
		}
	}
}

func TestWhatASnapshotOfTheSchemaBeforeSaysOfItselfStays(t *testing.T) {
	t.Parallel()
	meta := open(t, older(t)).Meta()
	if meta.Base != "appA" || meta.TableID != "tblB" || meta.Run != "full-1" || meta.Bound["Notes"] != "fld1" || len(meta.Fields) != 1 || meta.Filled["Notes"] != 2 {
		t.Errorf("%+v", meta)
	}
	if meta.MappingVersion >= feedback.MappingVersion {
		t.Error("the next refresh would not make its digests anew")
	}
}

func TestADraftGrowsOnASnapshotOfTheSchemaBefore(t *testing.T) {
	t.Parallel()
	draft, _ := start(t, open(t, older(t)), true)
	put(t, draft, cells{"rec4": early})
	remove(t, draft, "rec1")
	if got := open(t, seal(t, draft).Path).Records(); got != 3 {
		t.Errorf("%d records", got)
	}
}

func TestAnUpgradeLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	path := older(t)
	file, err := snapshot.Open(path)
	check(t, err)
	check(t, file.Close())
	if got := beside(t, filepath.Dir(path)); len(got) != 1 {
		t.Errorf("beside it are %v", got)
	}
	check(t, os.Chmod(path, 0o600))
	alter(t, path, `UPDATE feedback SET detail = '{'`)
	if _, err := snapshot.Open(path); !errors.Is(err, snapshot.ErrNotSnapshot) {
		t.Errorf("a damaged one: %v", err)
	}
	if got := beside(t, filepath.Dir(path)); len(got) != 1 {
		t.Errorf("beside it are %v", got)
	}
}
