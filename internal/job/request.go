package job

import (
	"errors"
)

// Errors of what accepts requests.
var (
	// ErrStopped is returned by a process that is stopping, and is the cause of its runs' end.
	ErrStopped = errors.New("the process is stopping and accepts no refresh")
	// ErrNotStarted is returned when a run could not be handed to the process that does it.
	ErrNotStarted = errors.New("the refresh could not be started")
)

// Mode of a run.
type Mode string

// The modes of runs. Of the first four each does all that the ones after it do.
const (
	Full        Mode = "full"
	Sweep       Mode = "sweep"
	Incremental Mode = "incremental"
	Remap       Mode = "remap" // maps the records that are there anew, without Airtable
	Rollback    Mode = "rollback"
)

// Covers reports whether a run of mode m does at least as much as one of mode other. A
// rollback covers nothing and is covered by nothing.
func (m Mode) Covers(other Mode) bool {
	rank := map[Mode]int{Remap: 1, Incremental: 2, Sweep: 3, Full: 4}
	return rank[other] > 0 && rank[m] >= rank[other]
}

// Trigger is where a run came from.
type Trigger string

// The triggers of runs.
const (
	TriggerSchedule Trigger = "schedule"
	TriggerCatchUp  Trigger = "catch-up"
	TriggerStart    Trigger = "start"
	TriggerAPI      Trigger = "api"
	TriggerConsole  Trigger = "console"
	TriggerCLI      Trigger = "cli"
)

// ByPerson reports whether a person triggered the run.
func (t Trigger) ByPerson() bool {
	return t == TriggerAPI || t == TriggerConsole || t == TriggerCLI
}

// Previous is, as the target of a rollback, the snapshot that the current one was made from.
const Previous = "previous"

// Request asks for a run.
type Request struct {
	ID      string // "": the run gets one
	Mode    Mode
	Trigger Trigger
	Accept  bool   // the run may pass the publish gate and overwrite a damaged manifest
	DryRun  bool   // the run leaves nothing in the store but the count of its calls
	To      string // of a rollback: the id of a snapshot, or Previous

	// Hold is what the caller knew of rollbacks. A rollback that comes later fences the run.
	Hold KnownHold
}

// KnownHold is the hold that was in force when a run was requested. The zero value is a
// request that is made at this moment: it knows of every rollback there is.
type KnownHold struct {
	Known bool
	Run   string // the rollback's run; "": nothing was held
}

// Ticket promises the run that does what was requested.
type Ticket struct {
	RunID  string
	Mode   Mode // of the run that does it, which may do more than was requested
	Joined bool // the run was promised or running already
}

// JoinedBy reports whether a run that was requested as running does the work of r. It
// does if it covers r's mode, may do whatever r may, writes if r does, and was requested
// under the same hold: a run from before a rollback is fenced. A remap joins none: the
// run may be of a process whose configuration is older.
func (r Request) JoinedBy(running Request) bool {
	sameHold := r.Hold == running.Hold || !r.Hold.Known || !running.Hold.Known
	return sameHold && r.Mode != Remap && running.Mode.Covers(r.Mode) &&
		(running.Accept || !r.Accept) && running.DryRun == r.DryRun
}
