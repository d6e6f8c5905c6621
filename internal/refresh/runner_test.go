package refresh_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"voc/internal/airtablesim"
	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/refresh"
)

// process is a world with a runner, in a synctest bubble. Runs wait at their second page
// for release.
type process struct {
	*world
	*refresh.Runner
	release chan struct{}
	served  atomic.Int32
}

func newProcess(t *testing.T) *process {
	p := &process{world: newGoingWorld(t, airtablesim.Config{}), release: make(chan struct{})}
	p.fill(150)
	p.must(job.Full, job.Published)
	for _, record := range p.Records() { // so that an incremental has two pages as well
		p.Update(record.ID, edit{"Notes": "edited"})
	}
	p.start(p.store, func(context.Context) error { p.served.Add(1); return nil })
	p.Before(func(c airtablesim.Call) {
		if c.Page == 2 {
			<-p.release
		}
	})
	return p
}

func (p *process) start(store *blobtest.Memory, served func(context.Context) error) {
	p.Runner = refresh.NewRunner(p.engine(store), served, p.progress)
	p.t.Cleanup(p.Stop)
}

func (p *process) ask(mode job.Mode) job.Ticket {
	p.t.Helper()
	ticket, err := p.Ask(p.t.Context(), job.Request{Mode: mode, Trigger: "api"})
	if err != nil {
		p.t.Fatal(err)
	}
	return ticket
}

func (p *process) wait(ticket job.Ticket) job.Run {
	p.t.Helper()
	receipt, err := p.Wait(p.t.Context(), ticket)
	if err != nil {
		p.t.Fatal(err)
	}
	return receipt
}

func (p *process) finished(ticket job.Ticket) bool {
	p.t.Helper()
	ctx, cancel := context.WithCancel(p.t.Context())
	cancel()
	synctest.Wait()
	receipt, err := p.Wait(ctx, ticket)
	if err != nil && !errors.Is(err, context.Canceled) {
		p.t.Error(err)
	}
	return receipt.ID != ""
}

func TestAskJoinsPromisedRun(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		asks []job.Mode
		runs []int // which ask's run does each
		mode []job.Mode
	}{
		{"a full takes all along", []job.Mode{job.Full, job.Incremental, job.Full}, []int{0, 0, 0},
			[]job.Mode{job.Full, job.Full, job.Full}},
		{"an incremental takes its like along", []job.Mode{job.Incremental, job.Incremental}, []int{0, 0},
			[]job.Mode{job.Incremental, job.Incremental}},
		{"a full runs after an incremental, and is joined while it waits",
			[]job.Mode{job.Incremental, job.Full, job.Full, job.Incremental},
			[]int{0, 1, 1, 0}, []job.Mode{job.Incremental, job.Full, job.Full, job.Incremental}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProcess(t)
				before := len(p.manifest().Runs)
				var tickets []job.Ticket
				runs := map[string]bool{}
				for i, mode := range row.asks {
					ticket := p.ask(mode)
					synctest.Wait()
					tickets = append(tickets, ticket)
					first := tickets[row.runs[i]]
					if ticket.RunID != first.RunID || ticket.Joined != (row.runs[i] != i) ||
						ticket.Mode != row.mode[i] {
						t.Errorf("ask %d for %s got %+v, want the run of %+v", i, mode, ticket, first)
					}
					runs[ticket.RunID] = true
				}
				close(p.release)
				for i, ticket := range tickets {
					if receipt := p.wait(ticket); receipt.ID != ticket.RunID || receipt.Mode != row.mode[i] ||
						!receipt.Succeeded() || receipt.Trigger != "api" {
						t.Errorf("receipt %+v, want success", receipt)
					}
				}
				if done := len(p.manifest().Runs) - before; done != len(runs) ||
					int(p.served.Load()) != len(runs) {
					t.Errorf("%d runs were done and %d served, want %d", done, p.served.Load(), len(runs))
				}
			})
		})
	}
}

func TestActiveListsRunningAndWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProcess(t)
		if active, unrecorded := p.Active(); len(active)+len(unrecorded) != 0 {
			t.Errorf("%+v, %+v", active, unrecorded)
		}
		running, waiting := p.ask(job.Incremental), p.ask(job.Full)
		synctest.Wait()
		active, _ := p.Active()
		if len(active) != 2 || active[0].Started.IsZero() || !active[1].Started.IsZero() {
			t.Fatalf("active %+v, want a run that has started and one that waits", active)
		}
		want := job.Run{ID: running.RunID, Mode: job.Incremental, Trigger: "api",
			Started: active[0].Started, Pages: 1, Read: 100}
		if diff := cmp.Diff(want, active[0]) + cmp.Diff(job.Run{ID: waiting.RunID, Mode: job.Full,
			Trigger: "api"}, active[1]); diff != "" {
			t.Error(diff)
		}
		close(p.release)
		p.wait(waiting)
		synctest.Wait()
		if active, _ := p.Active(); len(active) != 0 {
			t.Errorf("active %+v, want none", active)
		}
	})
}

// A request for a full joins an incremental that became one.
func TestAskJoinsRunThatBecameFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProcess(t)
		p.store = blobtest.NewMemory(p.clock.Now)
		p.start(p.store, func(context.Context) error { return nil })
		first := p.ask(job.Incremental)
		synctest.Wait()
		if second := p.ask(job.Full); !second.Joined || second.RunID != first.RunID ||
			second.Mode != job.Full {
			t.Errorf("%+v after %+v", second, first)
		}
		close(p.release)
		if receipt := p.wait(first); receipt.Mode != job.Full {
			t.Errorf("receipt %+v, want mode full", receipt)
		}
	})
}

func TestRunEndsWhenResultIsServed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProcess(t)
		close(p.release)
		serving, fetched := make(chan string, 1), make(chan struct{})
		p.start(p.store, func(ctx context.Context) error {
			if _, limited := ctx.Deadline(); !limited {
				t.Error("serving may take for ever")
			}
			serving <- string(p.manifest().Current)
			<-fetched
			return errors.New("the store is down") // which is no reason to wait on
		})
		before := p.current().ID
		ticket := p.ask(job.Full)
		if current := <-serving; current == before {
			t.Error("it is served before it is published")
		}
		if active, _ := p.Active(); p.finished(ticket) || len(active) != 1 {
			t.Errorf("it is over while it is not served: %+v", active)
		}
		close(fetched)
		if receipt := p.wait(ticket); receipt.Outcome != "published" {
			t.Errorf("receipt %+v, want outcome published", receipt)
		}
		contains(t, p.log.String(), "the store is down")
	})
}

func TestStopCancelsRunAndRejectsMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProcess(t)
		before := p.current()
		running, waiting := p.ask(job.Incremental), p.ask(job.Full)
		synctest.Wait()
		p.Stop()
		if active, _ := p.Active(); len(active) != 0 {
			t.Errorf("Stop did not wait for the end of %+v", active)
		}
		for _, ticket := range []job.Ticket{running, waiting} {
			receipt := p.wait(ticket)
			if contains(t, string(receipt.Error), "the process was stopped",
				"the next refresh does its work"); receipt.Outcome != "failed" {
				t.Errorf("receipt %+v, want outcome failed", receipt)
			}
		}
		if runs := p.manifest().Runs; len(runs) != 3 || runs[0].Outcome != "failed" ||
			runs[1].Outcome != "failed" {
			t.Errorf("the store has %+v", runs)
		}
		if !cmp.Equal(p.current(), before) {
			t.Errorf("current is %+v", p.current())
		}
		if _, err := p.Ask(t.Context(), job.Request{Mode: job.Full, Trigger: "api"}); !errors.Is(err,
			job.ErrStopped) {
			t.Errorf("error %v", err)
		}
		p.Stop() // again
		close(p.release)
		p.must(job.Incremental, job.Published)
	})
}

func TestPanicFailsOnlyItsRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProcess(t)
		close(p.release)
		panics := true
		p.progress = func(refresh.Progress) {
			if panics {
				panic("a fault of ours")
			}
		}
		p.start(p.store, func(context.Context) error { return nil })
		receipt := p.wait(p.ask(job.Full))
		contains(t, string(receipt.Error), "a fault of ours", "log")
		if receipt.Outcome != "failed" || strings.Contains(string(receipt.Error), "goroutine") ||
			p.manifest().Runs[0].ID != receipt.ID {
			t.Errorf("receipt %+v, want outcome failed", receipt)
		}
		contains(t, p.log.String(), "panic in a refresh", "runner_test.go")
		panics = false
		if receipt := p.wait(p.ask(job.Full)); receipt.Outcome != "published" {
			t.Errorf("receipt %+v, want outcome published", receipt)
		}
	})
}

func TestActiveReportsUnrecordedReceipt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProcess(t)
		close(p.release)
		faulty := blobtest.NewFaulty(p.store)
		for n := range 3 { // to ask, to begin and to tell that it failed
			faulty.Inject(blobtest.Fault{Kind: blobtest.GetIfChanged, N: n + 1, Effect: blobtest.Refused})
		}
		p.Runner = refresh.NewRunner(p.engine(faulty), func(context.Context) error { return nil }, nil)
		defer p.Stop()
		receipt := p.wait(p.ask(job.Full))
		if _, unrecorded := p.Active(); len(unrecorded) != 1 || !cmp.Equal(unrecorded[0], receipt) ||
			receipt.Outcome != "failed" {
			t.Errorf("%+v of %+v", unrecorded, receipt)
		}
		p.wait(p.ask(job.Full))
		if _, unrecorded := p.Active(); len(unrecorded) != 0 {
			t.Errorf("unrecorded %+v, want none", unrecorded)
		}
	})
}

func TestRunnerRunsOneAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	var running, most atomic.Int32
	runner := refresh.NewRunner(w.engine(w.store),
		func(context.Context) error { running.Add(-1); return nil }, nil)
	w.Before(func(c airtablesim.Call) {
		if c.Kind == airtablesim.Schema {
			most.Store(max(most.Load(), running.Add(1)))
		}
	})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 4 {
				ticket, err := runner.Ask(t.Context(), job.Request{Mode: []job.Mode{job.Full,
					job.Incremental}[(i+j)%2], Trigger: "api"})
				if err != nil {
					t.Error(err)
					return
				}
				runner.Active()
				if receipt, err := runner.Wait(t.Context(), ticket); err != nil || !receipt.Succeeded() ||
					receipt.ID != ticket.RunID {
					t.Errorf("receipt %+v, error %v, want success", receipt, err)
				}
			}
		})
	}
	all.Wait()
	runner.Stop()
	if most.Load() != 1 {
		t.Errorf("%d at a time", most.Load())
	}
	w.converged()
}

// A ticket stays good after its run has ended; one of another process never was.
func TestWaitAfterRunEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newProcess(t)
		close(p.release)
		first, second := p.ask(job.Incremental), p.ask(job.Full)
		ended := p.wait(second)
		if receipt := p.wait(first); receipt.ID != first.RunID || !receipt.Succeeded() {
			t.Errorf("receipt %+v, want success", receipt)
		}
		if again := p.wait(second); !cmp.Equal(again, ended) || again.ID != second.RunID {
			t.Errorf("%+v, before %+v", again, ended)
		}
		_, err := p.Wait(t.Context(), job.Ticket{RunID: "full-elsewhere", Mode: job.Full})
		if !errors.Is(err, refresh.ErrUnknownRun) {
			t.Errorf("error %v", err)
		}
	})
}
