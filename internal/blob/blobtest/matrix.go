package blobtest

import (
	"testing"

	"voc/internal/blob"
)

// A CrashMatrix tries something at every one of its store operations with everything that can go wrong
// there: refused, lost, applied but reported as failed, process gone before, process gone after. For
// each of these cases it makes an attempt. Cases run in parallel, so two attempts must not share
// anything that either changes.
//
// With -short, each operation is tried with one of the five effects, the next with the next.
type CrashMatrix func(t *testing.T) Attempt

// An Attempt is one case of a matrix.
type Attempt struct {
	// Store is as it was before.
	Store blob.Store

	// Run is what is tried. It may fail, and leaves the judgement to Check. It asks the store for the
	// same operations in the same number each time that nothing goes wrong.
	Run func(store blob.Store)

	// Check looks, as the next process would, at what Run has left in Store; nothing goes wrong any more.
	Check func()
}

var effects = []Effect{Refused, Lost, Applied, DiedBefore, DiedAfter}

// Test goes through the matrix, a subtest for each case. The first is an attempt with nothing wrong,
// which counts the operations.
func (m CrashMatrix) Test(t *testing.T) {
	var log []Op
	t.Run("no fault", func(t *testing.T) { log = m.try(t) })
	if len(log) == 0 {
		t.Error("Run asked nothing of the store")
	}
	for _, op := range log {
		for i, effect := range effects {
			if testing.Short() && op.N%len(effects) != i {
				continue
			}
			op.Effect = effect
			t.Run(op.String(), func(t *testing.T) {
				t.Parallel()
				done := m.try(t, Fault{N: op.N, Effect: effect})
				if len(done) < op.N {
					t.Errorf("Run ended after %d operations, before the fault: it is not the same each time", len(done))
				}
			})
		}
	}
}

func (m CrashMatrix) try(t *testing.T, faults ...Fault) []Op {
	attempt := m(t)
	faulty := NewFaulty(attempt.Store)
	faulty.Inject(faults...)
	attempt.Run(faulty)
	log := faulty.Log()
	attempt.Check()
	return log
}
