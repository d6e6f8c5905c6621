package airtable_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"voc/internal/airtable"
	"voc/internal/airtablesim/formula"
)

// shelf is a table whose listings keep the ids of their first page. Each call takes the
// latency, may lose its iterator, and is followed by an edit.
type shelf struct {
	latency time.Duration
	losses  int // left
	edits   int // left

	mu        sync.Mutex
	random    *rand.Rand
	ends      string         // last characters of the ids
	values    map[string]int // by record id
	made      int
	deleted   map[string]bool
	iterators map[string][]string
	arrivals  []time.Time
	formulas  map[string]int // calls by formula
}

func newShelf(seed uint64, records int, ends string) *shelf {
	s := &shelf{
		random: rand.New(rand.NewPCG(seed, 0)), ends: ends, values: map[string]int{},
		deleted: map[string]bool{}, iterators: map[string][]string{}, formulas: map[string]int{},
	}
	for range records {
		s.create()
	}
	return s
}

func (s *shelf) create() {
	id := fmt.Sprintf("rec%013d%c", s.made, s.ends[s.random.IntN(len(s.ends))])
	s.made++
	s.values[id] = 0
}

func (s *shelf) RoundTrip(req *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(req.Body)
	s.mu.Lock()
	s.arrivals = append(s.arrivals, time.Now())
	s.mu.Unlock()
	time.Sleep(s.latency)
	s.mu.Lock()
	defer s.mu.Unlock()
	w := httptest.NewRecorder()
	s.serve(w, string(body))
	if s.edits > 0 {
		s.edits--
		s.edit()
	}
	return w.Result(), req.Context().Err()
}

func (s *shelf) serve(w http.ResponseWriter, body string) {
	if body == "" {
		respond(200, `{"tables":[]}`)(w, nil)
		return
	}
	var query struct{ Offset, FilterByFormula string }
	json.Unmarshal([]byte(body), &query)
	s.formulas[query.FilterByFormula]++
	name, place, more := strings.Cut(query.Offset, "/")
	if more && s.losses > 0 && s.random.IntN(4) == 0 {
		s.losses--
		reject(422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE")(w, nil)
		return
	}
	if !more {
		name = fmt.Sprint("itr", len(s.iterators))
		s.iterators[name] = s.matching(query.FilterByFormula)
	}
	ids := s.iterators[name]
	from, _ := strconv.Atoi(place)
	to := min(from+airtable.PageSize, len(ids))
	rows := []string{}
	for _, id := range ids[from:to] {
		if value, ok := s.values[id]; ok {
			rows = append(rows, fmt.Sprintf(`{"id":%q,"fields":{"V":%d}}`, id, value))
		}
	}
	offset := ""
	if to < len(ids) {
		offset = fmt.Sprintf(`,"offset":"%s/%d"`, name, to)
	}
	fmt.Fprintf(w, `{"records":[%s]%s}`, strings.Join(rows, ","), offset)
}

func (s *shelf) matching(text string) (ids []string) {
	f, err := formula.Parse(cmp.Or(text, "1"), func(string) (string, bool) { return "", false })
	if err != nil {
		panic(err)
	}
	for id := range s.values {
		if f.Keeps(&formula.Row{ID: id}) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (s *shelf) edit() {
	ids := slices.Sorted(maps.Keys(s.values))
	if len(ids) == 0 || s.random.IntN(3) == 0 {
		s.create()
		return
	}
	id := ids[s.random.IntN(len(ids))]
	if s.random.IntN(2) == 0 {
		s.values[id]++
		return
	}
	delete(s.values, id)
	s.deleted[id] = true
}

// read lists a shelf after a schema call, as a consumer does.
func (s *shelf) read(t testing.TB, query airtable.Query) map[string]int {
	t.Helper()
	c := (&fake{}).client(func(cfg *airtable.Config) { cfg.HTTP = s })
	if _, err := c.Schema(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, listings := map[string]int{}, map[string]int{}
	for page, err := range c.List(t.Context(), "T", query) {
		if err != nil {
			t.Fatal(err)
		}
		if page.Listing != cmp.Or(listings[page.Part], 1) {
			listings[page.Part] = page.Listing
			maps.DeleteFunc(rows, func(id string, _ int) bool {
				return page.Part == "" || strings.Contains(page.Part, id[len(id)-1:])
			})
		}
		for _, record := range page.Records {
			rows[record.ID], _ = strconv.Atoi(string(record.Fields["V"]))
		}
	}
	return rows
}

const characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// TestDividedListing edits a table while it is listed in parts, and loses iterators. A
// record that exists all the time is listed with a value that it had meanwhile, and one
// that was deleted before is not.
func TestDividedListing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		records := rapid.SampledFrom([]int{0, 1, 100, 101, 999, 1500, 2400}).Draw(rt, "records")
		ends := rapid.SampledFrom([]string{characters, "a", "aZ", "z0"}).Draw(rt, "ends")
		s := newShelf(rapid.Uint64().Draw(rt, "seed"), records, ends)
		s.latency = time.Duration(rapid.SampledFrom([]int{0, 50, 300, 600, 2000}).Draw(rt, "ms")) *
			time.Millisecond
		s.losses = rapid.IntRange(0, 3).Draw(rt, "losses")
		s.edits = rapid.SampledFrom([]int{0, 10, 1000}).Draw(rt, "edits")
		query := airtable.Query{AtOnce: true}
		query.Expected = rapid.SampledFrom([]int{0, records}).Draw(rt, "expected")
		query.Formula = rapid.SampledFrom([]string{"", "LEN(RECORD_ID())=17"}).Draw(rt, "formula")
		before, losses := maps.Clone(s.values), s.losses
		synctest.Test(t, func(t *testing.T) {
			rows := s.read(t, query)
			for id, value := range rows {
				if now, ok := s.values[id]; value < before[id] || ok && value > now {
					t.Errorf("%s is listed with %d; it had %d, now %d", id, value, before[id], now)
				}
			}
			for id := range before {
				if _, ok := rows[id]; !ok && !s.deleted[id] {
					t.Errorf("%s is not listed", id)
				}
			}
			if most := mostIn(time.Second, s.arrivals); most > airtable.RequestsPerSecond {
				t.Errorf("%d calls in a second", most)
			}
			pages := max((s.made+99)/100, 1)
			if used := losses - s.losses; used == 0 && len(s.arrivals) > pages+5 {
				t.Errorf("%d calls for %d pages", len(s.arrivals), pages)
			}
		})
	})
}

// TestListingUsesUpRate compares with the time that Airtable's limit allows, without what
// this host does meanwhile: in a bubble that takes no time.
func TestListingUsesUpRate(t *testing.T) {
	t.Parallel()
	for latency, row := range map[time.Duration]struct {
		parts int
		most  float64
	}{
		50 * time.Millisecond:  {1, 1.06},
		150 * time.Millisecond: {1, 1.06},
		300 * time.Millisecond: {2, 1.10},
		600 * time.Millisecond: {4, 1.18},
	} {
		t.Run(latency.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newShelf(7, 5830, characters)
				s.latency = latency
				if rows := s.read(t, airtable.Query{AtOnce: true, Expected: 5830}); len(rows) != 5830 {
					t.Errorf("%d records", len(rows))
				}
				ratio := time.Since(s.arrivals[0]).Seconds() / (59.0 / airtable.RequestsPerSecond)
				if ratio > row.most || len(s.formulas) != row.parts || len(s.arrivals) > 59+5 ||
					mostIn(time.Second, s.arrivals) > airtable.RequestsPerSecond {
					t.Errorf("%.3f of the limit's time, %d calls, %d parts: %v", ratio, len(s.arrivals),
						len(s.formulas), s.formulas)
				}
			})
		})
	}
}

// TestListingDividesWhenPagesAreSlow has a fast schema call before slow pages.
func TestListingDividesWhenPagesAreSlow(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		records, expected, calls int
	}{
		"a long table":            {2000, 2000, 1 + 1 + 24}, // each part has a page that is not full
		"of unknown length":       {2000, 0, 1 + 1 + 24},
		"a short table":           {400, 400, 1 + 4},
		"a page of unknown count": {7, 0, 1 + 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newShelf(7, row.records, characters)
				c := (&fake{}).client(func(cfg *airtable.Config) { cfg.HTTP = s })
				if _, err := c.Schema(t.Context()); err != nil {
					t.Fatal(err)
				}
				s.latency = 700 * time.Millisecond
				rows := map[string]bool{}
				query := airtable.Query{AtOnce: true, Expected: row.expected}
				for page, err := range c.List(t.Context(), "T", query) {
					if err != nil {
						t.Fatal(err)
					}
					for _, record := range page.Records {
						rows[record.ID] = true
					}
				}
				if len(rows) != row.records || len(s.arrivals) > row.calls {
					t.Errorf("%d records in %d calls, want at most %d", len(rows), len(s.arrivals), row.calls)
				}
			})
		})
	}
}

// TestDividedListingEnds stops the consumer, and fails one part.
func TestDividedListingEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(7, 3000, characters)
		s.latency = 700 * time.Millisecond
		c := (&fake{}).client(func(cfg *airtable.Config) { cfg.HTTP = s })
		_, _ = c.Schema(t.Context())
		query := airtable.Query{AtOnce: true}
		for _, err := range c.List(t.Context(), "T", query) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		calls := len(s.arrivals)
		time.Sleep(time.Minute)
		if len(s.arrivals) != calls {
			t.Errorf("%d calls after the loop", len(s.arrivals)-calls)
		}
		c.Allow(10)
		failures := 0
		for _, err := range c.List(t.Context(), "T", query) {
			if err != nil {
				failures++
				contains(t, err.Error(), airtable.ErrBudget.Error())
			}
		}
		if made := len(s.arrivals) - calls; failures != 1 || made != 10 {
			t.Errorf("%d failures, %d calls of 10", failures, made)
		}
	})
}
