package serverhost

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"voc/internal/job"
	"voc/internal/manifest"
	"voc/internal/watch"
)

// statusLink returns where an operator looks first. A message is read on another machine, where the
// address of loopback or of all interfaces leads nowhere, so it names the host.
func statusLink(listens net.Addr) string {
	address := listens.String()
	if tcp, ok := listens.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		address = fmt.Sprintf("localhost:%d", tcp.Port)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "the server"
	}
	return fmt.Sprintf("Status: voc status http://%s, on %s", address, host)
}

// watch looks at the store at once and then every watch.LookEvery, until ctx ends. It starts what
// was missed, and tries once a week whether the snapshot can be restored.
func (s *serving) watch(ctx context.Context) {
	if !s.Config.Schedule.On {
		s.Log.Info("SCHEDULE is off: no refresh starts by itself, and the watchdog watches all the same")
	}
	for looked := (time.Time{}); ctx.Err() == nil; {
		// The wall clock counts: a timer stops while a laptop sleeps.
		if now := s.program.now(); now.Sub(looked).Abs() >= watch.LookEvery {
			looked = now
			s.look(ctx)
		}
		select {
		case <-ctx.Done():
		case <-time.After(maxWait):
		}
	}
}

// look is one look of the watchdog.
func (s *serving) look(ctx context.Context) {
	report := s.Watcher.Look(ctx)
	view, release := s.replica.Acquire()
	release()
	if view.File == nil && errors.Is(s.Store.Probe(ctx), manifest.ErrPromise) {
		report.CatchUp = job.Request{} // loadFirst has reported it
	}
	if r := report.CatchUp; r.ID != "" {
		s.Log.Info("catching up a missed refresh", "run", r.ID, "mode", r.Mode)
		if _, err := s.start(ctx, r); err != nil {
			s.Log.Warn("a missed refresh cannot be started", "mode", r.Mode, "error", err)
		}
	}
	if report.DrillDue {
		if _, err := s.Watcher.Drill(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("the snapshot cannot be restored", "error", err)
		}
	}
}

// start starts a run that no client asked for, and retries it in the background.
func (s *serving) start(ctx context.Context, r job.Request) (job.Ticket, error) {
	ticket, err := s.runner.Ask(ctx, r)
	if err == nil {
		go retry(ctx, s.runner, r, ticket)
	}
	return ticket, err
}

// drillCmd restores the current snapshot into an empty folder and checks it.
type drillCmd struct{}

// Run drills.
func (drillCmd) Run(ctx context.Context, p *Program) error {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	drill, err := s.Watcher.Drill(ctx)
	if err != nil {
		return fmt.Errorf("restore the current snapshot: %w", err)
	}
	if drill.ProvenAt.IsZero() {
		return errors.New("the snapshot was restored, and the store does not take the date")
	}
	fmt.Fprintf(p.Stdout, "restored %s from %s into an empty folder and checked it whole, at %s\n",
		drill.Snapshot, s.Store, drill.ProvenAt.UTC().Format(time.RFC3339))
	return nil
}
