package main_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"voc/internal/airtable/airtablesim"
)

// hostRefreshes is how many refreshes two hosts do; make soak asks for 100.
var hostRefreshes = flag.Int("hosts.refreshes", 10, "refreshes of two hosts over one store")

const (
	readers     = 8
	hostRecords = 150 // two pages
)

// TestTwoHostsOverOneStore: two hosts refresh and are killed at random, while Airtable breaks off answers and people edit. Eight readers see nothing but whole published
// snapshots, no publication is lost, and in the end the store has what Airtable has.
func TestTwoHostsOverOneStore(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	h := newHosts(t, rand.New(rand.NewPCG(seed, 0)))
	p, url := serve(t, h.dir, environment(t, append(h.env, "SCHEDULE=off")...))
	p.printed(`(voc serves)`)
	seen := h.read(url)
	var both sync.WaitGroup
	for range 2 {
		both.Go(h.refreshUntilDone)
	}
	both.Wait()
	h.sim.Script() // what is left of the faults strikes below, or not
	if code, out, errs := run(t, h.dir, environment(t, h.env...), "refresh", "sweep"); code != 0 {
		t.Fatalf("in the end: %s%s", out, errs)
	}
	served := get(t, url+"/api/cache/") // which looks at the store
	bodies := seen()
	h.lost(url, bodies)
	h.converged(url, served)
}

// hosts are two machines over one store.
type hosts struct {
	t   *testing.T
	sim *airtablesim.Server
	dir string
	env []string

	mu     sync.Mutex
	random *rand.Rand
	left   int // refreshes to do
}

func newHosts(t *testing.T, random *rand.Rand) *hosts {
	t.Helper()
	dir := t.TempDir()
	data := filepath.Join(dir, "base.jsonl")
	var lines strings.Builder
	for i := range hostRecords {
		fmt.Fprintf(&lines, `{"id":"rec%014d","createdTime":"2025-03-03T08:00:00.000Z","fields":{"Notes":"record %d","Status":"Open","Priority":2}}`+"\n", i, i)
	}
	if err := os.WriteFile(data, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	base, err := airtablesim.Load(data)
	if err != nil {
		t.Fatal(err)
	}
	h := &hosts{t: t, dir: dir, random: random, left: *hostRefreshes, sim: airtablesim.New(base, airtablesim.Config{Rate: -1, Latency: 30 * time.Millisecond})}
	server := httptest.NewServer(h.sim)
	t.Cleanup(server.Close)
	h.env = []string{"AIRTABLE_API_URL=" + server.URL, "AIRTABLE_BASE_ID=" + base.ID(), "AIRTABLE_API_KEY=" + airtablesim.DemoToken}
	return h
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

// refreshUntilDone is one host: it edits, refreshes, and dies in the middle of every other refresh.
func (h *hosts) refreshUntilDone() {
	faults := []airtablesim.Fault{airtablesim.Cut(), airtablesim.Reset(), airtablesim.Unavailable(), airtablesim.HTML(502), airtablesim.ExpireIterators()}
	modes := []string{"full", "sweep", "incremental"}
	env := environment(h.t, h.env...)
	for h.another() {
		h.edit()
		h.sim.Script(faults[h.chance(len(faults))])
		ctx, kill := context.WithCancel(context.Background())
		if h.chance(2) == 0 {
			time.AfterFunc(time.Duration(h.chance(1500))*time.Millisecond, kill)
		}
		cmd := exec.CommandContext(ctx, binary, "refresh", modes[h.chance(len(modes))]) // killed with SIGKILL
		cmd.Dir, cmd.Env = h.dir, env
		out, err := cmd.CombinedOutput()
		if err != nil && ctx.Err() == nil {
			h.t.Errorf("%v: %s", err, out)
		}
		kill()
	}
}

func (h *hosts) edit() {
	records := h.sim.Records()
	h.sim.Update(records[h.chance(len(records))].ID, map[string]any{"Notes": fmt.Sprint("edited ", h.chance(1<<30))})
	h.sim.Delete(records[h.chance(len(records))].ID)
	h.sim.Create(map[string]any{"Notes": fmt.Sprint("new ", h.chance(1<<30)), "Status": "Open", "Priority": 1})
}

// read lets readers ask until the returned function is called, which gives what was served of each snapshot.
func (h *hosts) read(url string) (stop func() map[string]string) {
	ctx, cancel := context.WithCancel(context.Background())
	var mu sync.Mutex
	var all sync.WaitGroup
	bodies := map[string]string{}
	for range readers {
		all.Go(func() {
			for turn := 0; ctx.Err() == nil; turn++ {
				if turn%10 == 0 {
					_, _, _ = answer(ctx, url+"/api/cache/") // which looks at the store each time
				}
				snapshot, digest, err := answer(ctx, url+"/api/feedback/")
				if ctx.Err() != nil {
					return
				}
				mu.Lock()
				if was, known := bodies[snapshot]; err != nil || known && was != digest {
					h.t.Errorf("snapshot %s is served as %s and as %s, %v", snapshot, was, digest, err)
				}
				bodies[snapshot] = digest
				mu.Unlock()
				time.Sleep(5 * time.Millisecond) // the processor is for the refreshes
			}
		})
	}
	return func() map[string]string { cancel(); all.Wait(); return bodies }
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

// lost checks that the publications are one chain, and that readers saw nothing else.
func (h *hosts) lost(url string, bodies map[string]string) {
	type run struct {
		ID, Outcome, Error string
		Before             string `json:"snapshot_before"`
		After              string `json:"snapshot_after"`
	}
	runs := parse[[]run](h.t, get(h.t, url+"/api/cache/runs?limit=200"))
	before := map[string]string{}
	for _, r := range runs {
		if r.Outcome == "published" {
			before[r.After] = r.Before
		}
		if r.Outcome == "failed" && !strings.Contains(r.Error, "died during the refresh") && !strings.Contains(r.Error, "stopped") {
			h.t.Errorf("%s failed: %s", r.ID, r.Error)
		}
	}
	chain := map[string]bool{}
	for id := parse[struct{ Snapshot struct{ ID string } }](h.t, get(h.t, url+"/api/cache/")).Snapshot.ID; id != ""; id = before[id] {
		chain[id] = true
	}
	if len(chain) != len(before) {
		h.t.Errorf("%d snapshots were published, and %d lead to the current one", len(before), len(chain))
	}
	if len(bodies) < 3 {
		h.t.Errorf("the readers saw %d snapshots: that proves little", len(bodies))
	}
	for id := range bodies {
		if !chain[id] {
			h.t.Errorf("a reader saw snapshot %s, which was not published", id)
		}
	}
}

// converged checks that what is served is what Airtable has.
func (h *hosts) converged(url, status string) {
	served := list(h.t, url)
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
