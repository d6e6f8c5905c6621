package main_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"voc/internal/airtablesim"
	"voc/internal/serverhost/servertest"
)

// hostRefreshes is the number of refreshes of two hosts over each kind of store; make soak
// sets 100.
var hostRefreshes = flag.Int("hosts.refreshes", 6, "refreshes of two hosts over each kind of store")

const (
	readers     = 8
	hostRecords = 150 // two pages
)

// TestTwoHostsOverOneStore: two hosts refresh and are killed at random operations, while Airtable
// fails and its records change. Eight readers see only complete published snapshots, no publication
// is lost, and in the end the store has Airtable's records.
func TestTwoHostsOverOneStore(t *testing.T) {
	t.Parallel()
	for name, newStore := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refreshOnTwoHosts(t, newStore(t))
		})
	}
}

func refreshOnTwoHosts(t *testing.T, shared store) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	h := newHosts(t, rand.New(rand.NewPCG(seed, 0)), shared)
	p, url := serve(t, h.dir, h.environ("SCHEDULE=off"))
	p.Printed(`(voc serves)`)
	seen := h.read(url)
	var both sync.WaitGroup
	for range 2 {
		both.Go(h.refreshUntilDone)
	}
	both.Wait()
	h.sim.Script() // the remaining faults do not matter
	for enough := false; !enough; {
		h.edit()
		id := h.sweep()
		p.Eventually("has its readers see "+id, func() bool {
			ids := seen.snapshots()
			enough = len(ids) >= 3 // fewer prove little
			return slices.Contains(ids, id)
		})
	}
	served := servertest.Get(t, url+"/api/cache/") // which syncs with the store
	seen.stop()
	h.checkChain(url, seen.snapshots())
	h.checkRecords(url, served)
}

// hosts is two machines over one store.
type hosts struct {
	t     *testing.T
	sim   *airtablesim.Server
	base  *airtablesim.Base
	store store
	dir   string

	mu     sync.Mutex
	random *rand.Rand
	left   int // refreshes to do
}

func newHosts(t *testing.T, random *rand.Rand, shared store) *hosts {
	t.Helper()
	dir := t.TempDir()
	data := filepath.Join(dir, "base.jsonl")
	var lines strings.Builder
	for i := range hostRecords {
		fmt.Fprintf(&lines, `{"id":"rec%014d","createdTime":"2025-03-03T08:00:00.000Z",`+
			`"fields":{"Notes":"record %d","Status":"Open","Priority":2}}`+"\n", i, i)
	}
	if err := os.WriteFile(data, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	base, err := airtablesim.Load(data)
	if err != nil {
		t.Fatal(err)
	}
	sim := airtablesim.New(base, airtablesim.Config{Rate: -1, Latency: 30 * time.Millisecond})
	return &hosts{t: t, dir: dir, random: random, left: *hostRefreshes, sim: sim, base: base,
		store: shared}
}

// environ returns the environment of a process that is not killed.
func (h *hosts) environ(more ...string) []string {
	return environment(h.t, append(h.variables(newWatched(h.t, h.sim, h.store)), more...)...)
}

// variables returns the variables of a process that w watches.
func (h *hosts) variables(w *watched) []string {
	return append(w.variables(), "AIRTABLE_BASE_ID="+h.base.ID(),
		"AIRTABLE_API_KEY="+airtablesim.DemoToken)
}

func (h *hosts) chance(n int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.random.IntN(n)
}

func (h *hosts) another() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.left--
	return h.left >= 0
}

// lastOperation is the last operation at which a refresh is killed: a refresh of two pages has
// about as many. A refresh with fewer is not killed.
const lastOperation = 24

// refreshUntilDone is one host: it edits, refreshes, and is killed during half of its refreshes.
func (h *hosts) refreshUntilDone() {
	faults := []airtablesim.Fault{airtablesim.Cut(), airtablesim.Reset(), airtablesim.Unavailable(),
		airtablesim.HTML(502), airtablesim.ExpireIterators()}
	modes := []string{"full", "sweep", "incremental"}
	w := newWatched(h.t, h.sim, h.store)
	env := environment(h.t, h.variables(w)...)
	for h.another() {
		h.edit()
		h.sim.Script(faults[h.chance(len(faults))])
		cmd := exec.Command(server.Path(h.t), "refresh", modes[h.chance(len(modes))])
		var out bytes.Buffer
		cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = h.dir, env, &out, &out
		if err := cmd.Start(); err != nil {
			h.t.Error(err)
			return
		}
		if h.chance(2) == 0 {
			// it may have ended
			w.killAt(1+h.chance(lastOperation), h.chance(2) == 0, func() { _ = cmd.Process.Kill() })
		}
		err := cmd.Wait()
		w.disarm()
		if err != nil && !w.killed() {
			h.t.Errorf("%v: %s", err, &out)
		}
	}
}

// sweep runs a sweep without a fault and returns the id of the snapshot that it publishes.
func (h *hosts) sweep() string {
	h.t.Helper()
	code, out, errs := run(h.t, h.dir, h.environ(), "refresh", "sweep")
	if code != 0 {
		h.t.Fatalf("in the end: %s%s", out, errs)
	}
	return servertest.Parse[struct {
		After string `json:"snapshot_after"`
	}](h.t, out).After
}

func (h *hosts) edit() {
	records := h.sim.Records()
	h.sim.Update(records[h.chance(len(records))].ID,
		map[string]any{"Notes": fmt.Sprint("edited ", h.chance(1<<30))})
	h.sim.Delete(records[h.chance(len(records))].ID)
	h.sim.Create(map[string]any{"Notes": fmt.Sprint("new ", h.chance(1<<30)), "Status": "Open",
		"Priority": 1})
}

// seen has the responses that readers received of each snapshot.
type seen struct {
	t      *testing.T
	cancel context.CancelFunc
	all    sync.WaitGroup

	mu     sync.Mutex
	bodies map[string]string // by the snapshot's id
}

// read starts readers, which send requests until they are stopped.
func (h *hosts) read(url string) *seen {
	ctx, cancel := context.WithCancel(context.Background())
	s := &seen{t: h.t, cancel: cancel, bodies: map[string]string{}}
	h.t.Cleanup(s.stop)
	for range readers {
		s.all.Go(func() {
			for turn := 0; ctx.Err() == nil; turn++ {
				if turn%10 == 0 {
					_, _, _ = answer(ctx, url+"/api/cache/") // which syncs with the store each time
				}
				snapshot, digest, err := answer(ctx, url+"/api/feedback/")
				if ctx.Err() != nil {
					return
				}
				s.record(snapshot, digest, err)
				time.Sleep(20 * time.Millisecond) // leaves the processor to the refreshes
			}
		})
	}
	return s
}

func (s *seen) record(snapshot, digest string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if was, known := s.bodies[snapshot]; err != nil || known && was != digest {
		s.t.Errorf("snapshot %s is served as %s and as %s, %v", snapshot, was, digest, err)
	}
	s.bodies[snapshot] = digest
}

// snapshots returns the ids of the snapshots seen so far.
func (s *seen) snapshots() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.bodies))
}

// stop ends the readers.
func (s *seen) stop() {
	s.cancel()
	s.all.Wait()
}

func answer(ctx context.Context, url string) (snapshot, digest string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", "", err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && (answer.StatusCode != http.StatusOK || !json.Valid(body)) {
		err = fmt.Errorf("%s: %.100s", answer.Status, body)
	}
	return answer.Header.Get("X-Snapshot"), fmt.Sprintf("%x", sha256.Sum256(body)), err
}

// checkChain checks that the publications are one chain, and that readers saw nothing else.
func (h *hosts) checkChain(url string, ids []string) {
	type run struct {
		ID, Outcome, Error string
		Before             string `json:"snapshot_before"`
		After              string `json:"snapshot_after"`
	}
	runs := servertest.Parse[[]run](h.t, servertest.Get(h.t, url+"/api/cache/runs?limit=200"))
	before := map[string]string{}
	for _, r := range runs {
		if r.Outcome == "published" {
			before[r.After] = r.Before
		}
		if r.Outcome == "failed" && !strings.Contains(r.Error, "stopped renewing its lease") &&
			!strings.Contains(r.Error, "stopped") {
			h.t.Errorf("%s failed: %s", r.ID, r.Error)
		}
	}
	chain := map[string]bool{}
	for id := servertest.Parse[struct{ Snapshot struct{ ID string } }](h.t,
		servertest.Get(h.t, url+"/api/cache/")).Snapshot.ID; id != ""; id = before[id] {
		chain[id] = true
	}
	if len(chain) != len(before) {
		h.t.Errorf("%d snapshots were published, and %d lead to the current one", len(before), len(chain))
	}
	for _, id := range ids {
		if !chain[id] {
			h.t.Errorf("a reader saw snapshot %s, which was not published", id)
		}
	}
}

// checkRecords checks that Airtable's records are served.
func (h *hosts) checkRecords(url, status string) {
	served := servertest.List(h.t, url)
	records := h.sim.Records()
	for _, r := range records {
		if want := fmt.Sprint(r.Fields["Notes"]); served[r.ID].Description != want {
			h.t.Errorf("%s is served as %q, want %q", r.ID, served[r.ID].Description, want)
		}
	}
	if len(served) != len(records) {
		h.t.Errorf("%d records are served, Airtable has %d; %s", len(served), len(records), status)
	}
}
