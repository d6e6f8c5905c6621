package build_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"voc/internal/snapshot"
	"voc/internal/snapshot/build"
	"voc/internal/snapshot/snaptest"
	"voc/internal/voctest"
)

// sealedAt seals a draft as the run with a number does.
func sealedAt(t snaptest.T, draft *build.Draft, run int) snapshot.Sealed {
	t.Helper()
	at := time.Date(2025, time.April, 1, run, 0, 0, 0, time.UTC)
	sealed, err := draft.Seal(t.Context(), snapshot.Meta{
		Base: "appA", Run: fmt.Sprint("run", run), AsOf: at, CreatedAt: at,
	})
	snaptest.Check(t, err)
	return sealed
}

// compareWays seals records as the child of a parent in full, and compares that with a fork that
// was sealed.
func compareWays(
	t snaptest.T, parent *snaptest.Snapshot, holds snaptest.Cells, fork snapshot.Sealed, run int,
) {
	t.Helper()
	draft, _ := snaptest.Start(t, parent, false)
	snaptest.Put(t, draft, holds)
	full := sealedAt(t, draft, run)
	diff := cmp.Diff(everything(t, full), everything(t, fork)) +
		cmp.Diff(full.Contents, fork.Contents)
	for kind, query := range map[snapshot.Kind]string{
		snapshot.Details: `SELECT id || ' ' || removed_at || ' ' || run FROM tombstone ORDER BY 1`,
		snapshot.Serve:   `SELECT property || key || value || records FROM spelling ORDER BY 1`,
	} {
		diff += cmp.Diff(texts(t, full.Parts[kind].Path, query), texts(t, fork.Parts[kind].Path, query))
	}
	if diff != "" || fork.Records != len(holds) {
		t.Fatalf("%d records, want %d; (-full +amended):\n%s", fork.Records, len(holds), diff)
	}
	file := snaptest.Open(t, fork)
	snaptest.Check(t, file.Check(t.Context()))
	snaptest.Check(t, snaptest.Originals(t, file).Check(t.Context()))
}

// texts reads the texts that a query returns from a part.
func texts(t snaptest.T, path, query string) (all []string) {
	t.Helper()
	rows, err := snaptest.Connect(t, path).QueryContext(t.Context(), query)
	snaptest.Check(t, err)
	defer rows.Close()
	for rows.Next() {
		var row string
		snaptest.Check(t, rows.Scan(&row))
		all = append(all, row)
	}
	snaptest.Check(t, rows.Err())
	return all
}

// history draws records and how they change.
type history struct {
	*rapid.T
	holds snaptest.Cells
	days  map[string]int // when records were created
	last  int            // of these days
	gone  []string
}

func (h *history) add(day int) (id string) {
	id = fmt.Sprintf("%c%d", 'a'+rapid.IntRange(0, 25).Draw(h.T, "letter"), len(h.days))
	h.days[id] = day
	h.last = max(h.last, day)
	return id
}

// step changes a record and puts or removes it.
func (h *history) step(draft *build.Draft) {
	steps := []string{
		"add", "add", "between", "put again", "edit", "edit", "move", "remove", "restore",
	}
	step := rapid.SampledFrom(steps).Draw(h.T, "step")
	var id string
	ids := slices.Sorted(maps.Keys(h.holds))
	switch {
	case step == "add":
		id = h.add(h.last + rapid.IntRange(0, 1).Draw(h.T, "days"))
	case step == "between" && rapid.IntRange(0, 3).Draw(h.T, "often") == 0:
		id = h.add(rapid.IntRange(1, h.last).Draw(h.T, "day"))
	case step == "restore" && len(h.gone) > 0: // as the newest, if it is still gone
		id = rapid.SampledFrom(h.gone).Draw(h.T, "gone")
		if h.holds[id] == "" {
			h.last++
			h.days[id] = h.last
		}
	case len(ids) == 0:
		return
	default:
		id = rapid.SampledFrom(append(ids, ids[0], ids[len(ids)-1])).Draw(h.T, "id")
	}
	switch step {
	case "remove":
		snaptest.Remove(h.T, draft, id)
		delete(h.holds, id)
		h.gone = append(h.gone, id)
		return
	case "move":
		h.last++
		h.days[id] = h.last
	}
	if step != "put again" {
		h.holds[id] = drawCellsOf(h.T, h.days[id])
	}
	snaptest.Put(h.T, draft, snaptest.Cells{id: h.holds[id]})
}

// TestAmendEqualsFull changes drawn records in drawn ways and seals each generation both ways.
func TestAmendEqualsFull(t *testing.T) {
	snaptest.FewerChecks(t)
	rapid.Check(t, func(t *rapid.T) {
		h := &history{T: t, holds: snaptest.Cells{}, days: map[string]int{}, last: 1}
		for range rapid.IntRange(0, 80).Draw(t, "records") {
			id := h.add(h.last + rapid.IntRange(0, 3).Draw(t, "days"))
			h.holds[id] = drawCellsOf(t, h.days[id])
		}
		draft, _ := snaptest.Start(t, nil, false)
		snaptest.Put(t, draft, h.holds)
		parent := snaptest.Open(t, sealedAt(t, draft, 0))
		for run := range rapid.IntRange(1, 4).Draw(t, "generations") {
			draft, _ := snaptest.Start(t, parent, true)
			for range rapid.IntRange(0, 6).Draw(t, "steps") {
				h.step(draft)
			}
			fork := sealedAt(t, draft, run+1)
			compareWays(t, parent, h.holds, fork, run+1)
			parent = snaptest.Open(t, fork)
		}
	})
}

// TestAmendChain edits the sample in thirty incrementals, of which each adds a record, edits one
// and removes one.
func TestAmendChain(t *testing.T) {
	t.Parallel()
	holds := snaptest.Cells{}
	var ids []string
	for _, row := range snaptest.Rows(t, voctest.Records(t)) {
		ids = append(ids, row.Feedback.ID)
		holds[row.Feedback.ID] = string(row.Source.Fields)
	}
	draft, _ := snaptest.Start(t, nil, false)
	snaptest.Put(t, draft, holds)
	parent := snaptest.Open(t, sealedAt(t, draft, 0))
	const runs = 30
	for run := 1; run <= runs; run++ {
		changed := snaptest.Cells{
			fmt.Sprint("new", run): fmt.Sprintf(`{"Created":"%d-01-01","Notes":"alpha %d"}`, 2026+run, run),
			ids[run]:               holds[ids[run]][:len(holds[ids[run]])-1] + `,"Team Routed":"Core"}`,
		}
		gone := ids[len(ids)-3*run]
		draft, _ := snaptest.Start(t, parent, true)
		snaptest.Put(t, draft, changed)
		snaptest.Remove(t, draft, gone)
		maps.Copy(holds, changed)
		delete(holds, gone)
		fork := sealedAt(t, draft, run)
		if run == runs/2 || run == runs {
			compareWays(t, parent, holds, fork, run)
		}
		parent = snaptest.Open(t, fork)
		var segments int
		row := snaptest.Connect(t, parent.Path(snapshot.Serve)).QueryRowContext(t.Context(),
			`SELECT count(DISTINCT segid) FROM search_idx`)
		snaptest.Check(t, row.Scan(&segments))
		if segments > 8 {
			t.Errorf("after %d incrementals, the search index has %d segments", run, segments)
		}
	}
}

// An edit changes few pages of the parent's files.
func TestAmendKeepsPages(t *testing.T) {
	t.Parallel()
	rows := snaptest.Rows(t, voctest.First(t, 2000))
	parent := snaptest.Open(t, sealedAt(t, snaptest.PutAll(t, rows), 0))
	draft, _ := snaptest.Start(t, parent, true)
	edited := rows[len(rows)/2]
	edited.Feedback.Status = "edited"
	snaptest.Check(t, draft.Put(t.Context(), edited))
	sealed := sealedAt(t, draft, 1)
	for kind, part := range sealed.Parts {
		was, err := os.ReadFile(parent.Path(kind))
		snaptest.Check(t, err)
		is, err := os.ReadFile(part.Path)
		snaptest.Check(t, err)
		const page = 4096
		changed := 0
		for at := 0; at < len(is); at += page {
			if at >= len(was) || !bytes.Equal(is[at:at+page], was[at:at+page]) {
				changed++
			}
		}
		if changed > 30 {
			t.Errorf("%s: %d of %d pages differ", kind, changed, len(is)/page)
		}
	}
}

// The text of a removed record does not stay in the amended files.
func TestAmendOverwritesRemoved(t *testing.T) {
	t.Parallel()
	const secret = "Zanzibar quokka"
	records := snaptest.Cells{"secret": `{"Created":"2025-01-15","Notes":"` + secret + `"}`}
	for i := range 30 {
		records[fmt.Sprint("a", i)] = fmt.Sprintf(`{"Created":"2025-01-%02d","Notes":"alpha"}`, i+1)
	}
	parent := snaptest.New(t, records)
	draft, _ := snaptest.Start(t, parent, true)
	snaptest.Remove(t, draft, "secret")
	sealed := snaptest.Seal(t, draft)
	for _, kind := range []snapshot.Kind{snapshot.Serve, snapshot.Sources} {
		was, err := os.ReadFile(parent.Path(kind))
		snaptest.Check(t, err)
		is, err := os.ReadFile(sealed.Parts[kind].Path)
		snaptest.Check(t, err)
		texts := []string{secret}
		if kind == snapshot.Serve { // in its search index, words lack what they begin with as others do
			texts = append(texts, "anzibar", "uokka")
		}
		for _, text := range texts {
			if !bytes.Contains(was, []byte(text)) || bytes.Contains(is, []byte(text)) {
				t.Errorf("%s, %s: before %t, after %t", kind, text, bytes.Contains(was, []byte(text)),
					bytes.Contains(is, []byte(text)))
			}
		}
	}
}

// A fork that cannot be amended is sealed in full: its records have consecutive positions.
func TestAmendFallsBack(t *testing.T) {
	t.Parallel()
	const first = 1 << 20
	records := snaptest.Cells{}
	for i := range 100 {
		records[fmt.Sprintf("a%02d", i)] = `{"Created":"2025-01-01","Notes":"alpha"}`
	}
	newest := snaptest.Cells{"new": `{"Created":"2025-02-01"}`}
	edited := snaptest.Cells{}
	for id := range records {
		edited[id] = `{"Created":"2025-01-01","Notes":"edited"}`
	}
	for name, test := range map[string]struct {
		put   snaptest.Cells
		meta  snapshot.Meta
		alter map[snapshot.Kind]string
		want  int // the first position
	}{
		"amended":    {put: newest, want: first - 1},
		"between":    {put: snaptest.Cells{"a00x": records["a00"]}, want: first},
		"first":      {put: snaptest.Cells{"a": records["a00"]}, want: first - 1},
		"moved back": {put: snaptest.Cells{"a00": `{"Created":"2024-12-31"}`}, want: first},
		"moved up":   {put: snaptest.Cells{"a07": newest["new"]}, want: first - 1},
		"too many":   {put: edited, want: first},
		"mapping":    {put: newest, meta: snapshot.Meta{MappingVersion: 7}, want: first},
		"program":    {put: newest, meta: snapshot.Meta{Program: "other"}, want: first},
		"spellings": {
			put: newest, want: first,
			alter: map[snapshot.Kind]string{snapshot.Serve: `DELETE FROM spelling`},
		},
		"no room": {
			put: newest, alter: map[snapshot.Kind]string{
				snapshot.Serve: `UPDATE feedback SET pos = 1 WHERE pos = 1 << 20;
					UPDATE summary SET pos = 1 WHERE pos = 1 << 20`,
				snapshot.Details: `UPDATE record SET pos = 1 WHERE pos = 1 << 20`,
			}, want: first,
		},
	} {
		t.Run(name, func(t *testing.T) {
			parent := snaptest.New(t, records)
			for kind, statement := range test.alter {
				snaptest.Alter(t, parent.Path(kind), statement)
			}
			draft, _ := snaptest.Start(t, parent, true)
			snaptest.Put(t, draft, test.put)
			sealed, err := draft.Seal(t.Context(), test.meta)
			snaptest.Check(t, err)
			var got int
			row := snaptest.Connect(t, sealed.Parts[snapshot.Serve].Path).
				QueryRowContext(t.Context(), `SELECT min(pos) FROM feedback`)
			if err := row.Scan(&got); err != nil || got != test.want {
				t.Errorf("the first position is %d, %v, want %d", got, err, test.want)
			}
			holds := maps.Clone(records)
			maps.Copy(holds, test.put)
			draft, _ = snaptest.Start(t, nil, false)
			snaptest.Put(t, draft, holds)
			full, err := draft.Seal(t.Context(), test.meta)
			snaptest.Check(t, err)
			if diff := cmp.Diff(everything(t, full), everything(t, sealed)); diff != "" {
				t.Errorf("(-full +fork):\n%s", diff)
			}
		})
	}
}
