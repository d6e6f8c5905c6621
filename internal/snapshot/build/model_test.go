package build_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"voc/internal/snapshot/build"
	"voc/internal/snapshot/snaptest"
)

// The model: a drawn draft with its expected contents.

// The values of drawn records: few, so that a draft often puts what it has.
var (
	drawnIDs    = []string{"a", "b", "c", "d", "e", "😀"}
	drawnWords  = []string{"alpha", "béta", "gamma alpha", "日本語", "本 alpha béta", ""}
	drawnTeams  = []string{"Core", "core", "Édge"}
	drawnHours  = []float64{0, 0.1, 0.2, 25.2833, 1e15}
	drawnStates = []string{"New", "new", "NÉW", "Done", "\\u0000"}
	drawnAreas  = []string{`["Loans"]`, `["loans","Cards"]`, `["Löans","Loans"]`, `null`, `[""]`}
	drawnIssues = []string{"null", "1", "2", "-0.5", `"x"`}
	drawnPlaces = []string{"X", "x", "Y"}
)

func drawCells(t *rapid.T) string {
	return drawCellsOf(t, rapid.IntRange(1, 20).Draw(t, "day"))
}

// drawCellsOf draws a record that was created on a day.
func drawCellsOf(t *rapid.T, day int) string {
	pick := func(name string, values []string) string {
		return rapid.SampledFrom(values).Draw(t, name)
	}
	created := time.Date(2025, time.January, day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	return fmt.Sprintf(`{"Created":"%s","Notes":"%s","Team Routed":"%s","Time to In Progress":%v,
		"Status":"%s","Area Impacted":%s,"Issue":%s,"Environment":"%s","Priority":"%d",
		"Reported On":"2025-01-%02d","Last Modified Time":"2025-02-%02d"}`,
		created, pick("word", drawnWords), pick("team", drawnTeams),
		rapid.SampledFrom(drawnHours).Draw(t, "hours"), pick("status", drawnStates),
		pick("areas", drawnAreas), pick("issue", drawnIssues), pick("environment", drawnPlaces),
		rapid.IntRange(1, 4).Draw(t, "priority"), rapid.IntRange(1, 20).Draw(t, "reported"),
		rapid.IntRange(1, 3).Draw(t, "modified"))
}

// model is a draft and the steps that were applied to it.
type model struct {
	draft   *build.Draft
	fork    bool
	parent  snaptest.Cells
	taken   snaptest.Cells
	removed map[string]bool
}

func newModel(
	t snaptest.T, parent *snaptest.Snapshot, holds snaptest.Cells, fork bool,
) *model {
	draft, _ := snaptest.Start(t, parent, fork)
	return &model{
		draft: draft, fork: fork, parent: holds, taken: snaptest.Cells{}, removed: map[string]bool{},
	}
}

// step applies one drawn step to the draft.
func (m *model) step(t *rapid.T) {
	id := rapid.SampledFrom(drawnIDs).Draw(t, "id")
	steps := []string{"put", "put", "put", "put again", "remove", "reset"}
	switch rapid.SampledFrom(steps).Draw(t, "step") {
	case "put":
		m.put(t, id, drawCells(t))
	case "put again":
		if was, ok := m.parent[id]; ok {
			m.put(t, id, was)
		}
	case "remove":
		snaptest.Remove(t, m.draft, id)
		delete(m.taken, id)
		m.removed[id] = true
	case "reset":
		snaptest.Check(t, m.draft.Reset(t.Context(), ""))
		clear(m.taken)
		clear(m.removed)
	}
}

func (m *model) put(t *rapid.T, id, text string) {
	snaptest.Put(t, m.draft, snaptest.Cells{id: text})
	m.taken[id] = text
	delete(m.removed, id)
}

// holds returns the records that the sealed draft must have.
func (m *model) holds() snaptest.Cells {
	all := snaptest.Cells{}
	if m.fork {
		maps.Copy(all, m.parent)
		maps.DeleteFunc(all, func(id, _ string) bool { return m.removed[id] })
	}
	maps.Copy(all, m.taken)
	return all
}

// agrees compares the draft's Untouched and Diff with the model.
func (m *model) agrees(t *rapid.T) {
	untouched, err := m.draft.Untouched(t.Context())
	snaptest.Check(t, err)
	ids := slices.DeleteFunc(slices.Sorted(maps.Keys(m.parent)), func(id string) bool {
		return m.taken[id] != "" || m.removed[id]
	})
	if !slices.Equal(untouched, ids) {
		t.Errorf("untouched %v, want %v", untouched, ids)
	}
	diff, err := m.draft.Diff(t.Context())
	snaptest.Check(t, err)
	if off := cmp.Diff(m.diff(), diff); off != "" {
		t.Errorf("diff (-model +draft):\n%s", off)
	}
}

func (m *model) diff() (d build.Diff) {
	for id, text := range m.taken {
		switch was, ok := m.parent[id]; {
		case !ok:
			d.Added++
		case was == text:
			d.Unchanged++
		default:
			d.Changed++
		}
	}
	holds := m.holds()
	for id := range m.parent {
		if _, stays := holds[id]; !stays {
			d.Removed++
		}
	}
	return d
}
