package blobtest

import (
	"context"
	"fmt"

	"voc/internal/blob"
)

// A Kind is one of the operations of blob.Store.
type Kind string

// The kinds of operations.
const (
	Get          Kind = "get"
	GetIfChanged Kind = "get-if-changed"
	Stat         Kind = "stat"
	PutNew       Kind = "put-new"
	Replace      Kind = "replace"
	List         Kind = "list" // begins when it is ranged over
	Delete       Kind = "delete"
)

func (k Kind) writes() bool { return k == PutNew || k == Replace }

// An Op is one operation in the log of a Faulty store.
type Op struct {
	N      int // 1 for the first of all
	Kind   Kind
	Key    string // of a List the prefix
	Effect Effect // what was done to it; zero: nothing
}

// String names the operation in a test's name or a message: "3 replace manifest.json, lost".
func (o Op) String() string {
	s := fmt.Sprintf("%d %s %s", o.N, o.Kind, o.Key)
	if name := o.Effect.String(); name != "" {
		s += ", " + name
	}
	return s
}

// failure is what its caller is told of an operation that failed.
func (o Op) failure(ctx context.Context) error {
	err := ErrInjected
	if o.Effect.hang {
		err = fmt.Errorf("%w: %w", err, ctx.Err())
	}
	if o.Kind.writes() && !o.Effect.sure {
		err = fmt.Errorf("%w: %w", blob.ErrUncertain, err)
	}
	return fmt.Errorf("operation %s: %w", o, err)
}

// A Fault does an Effect to the operations it fits.
type Fault struct {
	Kind Kind   // "" fits every kind
	Key  string // "" fits every key
	N    int    // 1 the first that fits kind and key since Inject, 2 the second; 0 each of them

	Effect Effect

	seen int
}

// fits counts the operation, and reports whether it is the one.
func (f *Fault) fits(op Op) bool {
	if f.Kind != "" && f.Kind != op.Kind || f.Key != "" && f.Key != op.Key {
		return false
	}
	f.seen++
	return f.N == 0 || f.N == f.seen
}

// An Effect is what goes wrong with an operation.
type Effect struct {
	name   string
	before func()
	hang   bool // wait for the context's end
	skip   bool // the store does not see the operation
	fail   bool // the caller gets an error, whatever the store said
	sure   bool // and it says for certain that a write did not happen
	die    bool // all later operations are DiedBefore
	cut    bool // a Get's body ends after length bytes
	length int64
}

// The effects that need no argument. All their errors are ErrInjected.
var (
	// Refused: the store does nothing and says so.
	Refused = Effect{name: "refused", skip: true, fail: true, sure: true}

	// Lost: the operation never arrives. A write is blob.ErrUncertain, since its caller cannot tell it from Applied.
	Lost = Effect{name: "lost", skip: true, fail: true}

	// Applied: the operation is done and its answer lost, whatever it was; that of a List after the last object.
	// A write is blob.ErrUncertain.
	Applied = Effect{name: "applied but reported as failed", fail: true}

	// Hung: the operation never arrives and ends when its context does, with its error. A write is blob.ErrUncertain.
	Hung = Effect{name: "hung", hang: true, skip: true, fail: true}

	// DiedBefore and DiedAfter: the process ends just before, or just after, the operation is done. It and all
	// later operations fail and reach the store no more: what the test's code still attempts, a dead process cannot.
	// None is blob.ErrUncertain, so that no loop tries for ever.
	DiedBefore = Effect{name: "process gone before it", skip: true, fail: true, sure: true, die: true}
	DiedAfter  = Effect{name: "process gone after it", fail: true, sure: true, die: true}
)

// Cut ends the body of a Get or GetIfChanged with io.ErrUnexpectedEOF after n bytes. A shorter body stays whole.
func Cut(n int64) Effect {
	return Effect{name: fmt.Sprintf("cut after %d bytes", n), cut: true, length: n}
}

// Before calls do and then lets the operation pass: so a test does what another process does in between. It runs in
// the operation's goroutine, with nothing locked, and may use the same Faulty.
func Before(do func()) Effect {
	return Effect{name: "something else first", before: do}
}

// String is the effect in words, "" for none.
func (e Effect) String() string { return e.name }
