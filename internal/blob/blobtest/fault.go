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
	N      int // counted from 1
	Kind   Kind
	Key    string // the prefix of a List
	Effect Effect // of the fault on it; zero for none
}

// String names the operation in a test's name or a message: "3 replace manifest.json,
// lost".
func (o Op) String() string {
	s := fmt.Sprintf("%d %s %s", o.N, o.Kind, o.Key)
	if name := o.Effect.String(); name != "" {
		s += ", " + name
	}
	return s
}

// failure returns the error of an operation that a fault made fail.
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

// A Fault has its Effect on the operations that match it.
type Fault struct {
	Kind Kind   // "" matches every kind
	Key  string // "" matches every key
	N    int    // 1 for the first match of kind and key since Inject, 2 for the second; 0 for all

	Effect Effect

	seen int
}

// matches counts the operation and reports whether the fault has its effect on it.
func (f *Fault) matches(op Op) bool {
	if f.Kind != "" && f.Kind != op.Kind || f.Key != "" && f.Key != op.Key {
		return false
	}
	f.seen++
	return f.N == 0 || f.N == f.seen
}

// An Effect is how an operation fails.
type Effect struct {
	name   string
	before func()
	hang   bool // the operation waits until its context is done
	skip   bool // the operation does not reach the store
	fail   bool // the caller gets an error, whatever the store returned
	sure   bool // the error is not blob.ErrUncertain
	die    bool // all later operations are DiedBefore
	cut    bool // a Get's body ends after length bytes
	length int64
}

// Effects without arguments. All their errors match ErrInjected.
var (
	// Refused: the store does nothing and reports that.
	Refused = Effect{name: "refused", skip: true, fail: true, sure: true}

	// Lost: the operation never arrives. A write returns blob.ErrUncertain, since its
	// caller cannot distinguish it from Applied.
	Lost = Effect{name: "lost", skip: true, fail: true}

	// Applied: the operation is done and its response is lost; a List fails after the last
	// object. A write returns blob.ErrUncertain.
	Applied = Effect{name: "applied but reported as failed", fail: true}

	// Hung: the operation never arrives and ends with its context. A write returns
	// blob.ErrUncertain.
	Hung = Effect{name: "hung", hang: true, skip: true, fail: true}

	// DiedBefore and DiedAfter: the process dies just before, or just after, the operation
	// is done. All later operations fail and do not reach the store, since a dead process
	// makes none. None returns blob.ErrUncertain, so that no loop retries forever.
	DiedBefore = Effect{name: "process dies before it", skip: true, fail: true, sure: true, die: true}
	DiedAfter  = Effect{name: "process dies after it", fail: true, sure: true, die: true}
)

// Cut ends the body of a Get or GetIfChanged with io.ErrUnexpectedEOF after n bytes.
// Shorter bodies are not changed.
func Cut(n int64) Effect {
	return Effect{name: fmt.Sprintf("cut after %d bytes", n), cut: true, length: n}
}

// Before calls do and then performs the operation: a test uses it to act as another
// process in between. do runs in the operation's goroutine, without locks held, and may
// use the same Faulty.
func Before(do func()) Effect {
	return Effect{name: "something else first", before: do}
}

// String returns the name of the effect, "" for none.
func (e Effect) String() string { return e.name }
