package refresh_test

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"voc/internal/airtablesim"
	"voc/internal/job"
)

// Defaults of rapid's flags: as many histories as make test has time for. make soak sets
// more.
func init() {
	_ = flag.Set("rapid.checks", "8") // rapid has them
	_ = flag.Set("rapid.steps", "30")
}

// history is a base that is edited at random, and what its store cannot know yet.
type history struct {
	*world
	// of fields that are edited and renamed, as they are now: first Status and Team Routed
	names  []string
	unseen map[string]bool // records deleted or recomputed since the last full
	made   int             // names
}

// TestRandomEditsEqualFreshFull edits a base and its settings at random, with refreshes
// in between. A full serves what a full of an empty store does; so does an incremental,
// except for what was deleted or computed.
func TestRandomEditsEqualFreshFull(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		h := &history{world: newWorld(t, airtablesim.Config{Freeze: rapid.Bool().Draw(rt, "freeze")}),
			unseen: map[string]bool{}}
		h.names = []string{"Status", "Team Routed"}
		// they are renamed
		h.fields = fmt.Sprintf(`{"status": %q, "team": %q}`, h.Base().FieldID("Status"),
			h.Base().FieldID("Team Routed"))
		// people may empty a table
		h.accept = true
		h.refresh(rt, job.Full)
		rt.Repeat(map[string]func(*rapid.T){
			"create":     h.create,
			"edit":       h.edit,
			"delete":     h.delete,
			"recompute":  h.recompute,
			"rename":     h.rename,
			"add field":  h.addField,
			"drop field": h.dropField,
			"settings":   h.settings,
			"time passes": func(rt *rapid.T) {
				h.clock.Advance(time.Duration(rapid.IntRange(1, 3600).Draw(rt, "seconds")) * time.Second)
			},
			"incremental": func(rt *rapid.T) { h.refresh(rt, job.Incremental) },
			"full":        func(rt *rapid.T) { h.refresh(rt, job.Full) },
		})
		h.refresh(rt, job.Incremental)
		h.refresh(rt, job.Full)
	})
}

func (h *history) refresh(rt *rapid.T, mode job.Mode) {
	receipt := h.run(mode)
	if !receipt.Succeeded() {
		rt.Fatalf("%s failed: %s", mode, receipt.Error)
	}
	if receipt.Mode == job.Full {
		clear(h.unseen)
	}
	want, got := h.fresh(), h.served(h.store)
	if len(h.unseen) > 0 {
		want, got = h.seen(want), h.seen(got)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		rt.Fatalf("after a %s (%s), a fresh full (-) differs from the store (+), %d unseen:\n%s", mode,
			receipt.Outcome, len(h.unseen), diff)
	}
}

// seen omits the list, and the records that an incremental cannot know.
func (h *history) seen(served []string) []string {
	return slices.DeleteFunc(served[1:], func(detail string) bool {
		id, _, _ := strings.Cut(strings.TrimPrefix(detail, `{"id":"`), `"`)
		return h.unseen[id]
	})
}

var (
	instants = []any{nil, "2024-12-31T23:59:59.999Z", "2025-01-01T00:00:00.000Z", "2025-07-01",
		"no date", edit{"error": "#ERROR!"}}
	texts = []any{nil, "Open", "Closed", " ", "\"quoted\" \\ <é>\n", edit{"specialValue": "NaN"},
		[]any{"Login", nil, "Export"}}
	areas = []any{nil, "Login", []any{"Export"}, []any{"Login", "Export"}}
)

// cells draws new values for some fields.
func (h *history) cells(rt *rapid.T) edit {
	cells := edit{}
	for _, name := range append([]string{"Created", "Reported On", "Area Impacted"}, h.names...) {
		if !rapid.Bool().Draw(rt, "edits "+name) {
			continue
		}
		values := texts
		switch name {
		case "Created", "Reported On":
			values = instants
		case "Area Impacted":
			values = areas
		}
		cells[name] = rapid.SampledFrom(values).Draw(rt, name)
	}
	return cells
}

func (h *history) create(rt *rapid.T) { h.Create(h.cells(rt)) }

// one calls do with a record of the base, if there is one.
func (h *history) one(rt *rapid.T, do func(id string)) {
	if records := h.Records(); len(records) > 0 {
		do(records[rapid.IntRange(0, len(records)-1).Draw(rt, "record")].ID)
	}
}

func (h *history) edit(rt *rapid.T) {
	h.one(rt, func(id string) { h.Update(id, h.cells(rt)) })
}

func (h *history) delete(rt *rapid.T) {
	h.one(rt, func(id string) {
		h.unseen[id] = true
		h.Delete(id)
	})
}

func (h *history) recompute(rt *rapid.T) {
	h.one(rt, func(id string) {
		h.unseen[id] = true
		h.Recompute(id, h.cells(rt))
	})
}

func (h *history) newName() string {
	h.made++
	return fmt.Sprintf("Field %d", h.made)
}

func (h *history) rename(rt *rapid.T) {
	i := rapid.IntRange(0, len(h.names)-1).Draw(rt, "field")
	name := h.newName()
	h.RenameField(h.names[i], name)
	h.names[i] = name
}

func (h *history) addField(*rapid.T) {
	name := h.newName()
	h.AddField(name, "singleLineText")
	h.names = append(h.names, name)
}

func (h *history) dropField(*rapid.T) {
	if len(h.names) == 2 { // these are mapped
		return
	}
	last := len(h.names) - 1
	h.DropField(h.names[last])
	h.names = h.names[:last]
}

func (h *history) settings(rt *rapid.T) {
	h.years = rapid.SampledFrom([]string{"2025-", "2024-2025", "all"}).Draw(rt, "years")
	h.teams = rapid.SampledFrom([]string{"", `{"login": "Identity"}`}).Draw(rt, "teams")
}
