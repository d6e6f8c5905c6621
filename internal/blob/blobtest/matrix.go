package blobtest

import (
	"testing"

	"voc/internal/blob"
)

// A CrashMatrix tries something at every one of its store operations with everything that can go wrong there:
// refused, lost, applied but reported as failed, process gone before, process gone after.
type CrashMatrix struct {
	// Fresh makes the store as it is before.
	Fresh func(t *testing.T) blob.Store

	// Run is what is tried. It may fail, and leaves the judgement to Check. It asks the store for the same
	// operations in the same number each time that nothing goes wrong.
	Run func(t *testing.T, store blob.Store)

	// Check looks, as the next process would, at the store that Run has left; nothing goes wrong any more.
	Check func(t *testing.T, store blob.Store)
}

// Test goes through the matrix, a subtest for each case. The first is Run with nothing wrong, which counts the operations.
func (m CrashMatrix) Test(t *testing.T) {
	var log []Op
	t.Run("no fault", func(t *testing.T) { log = m.try(t) })
	if len(log) == 0 {
		t.Error("Run asked nothing of the store")
	}
	for _, op := range log {
		for _, effect := range []Effect{Refused, Lost, Applied, DiedBefore, DiedAfter} {
			op.Effect = effect
			t.Run(op.String(), func(t *testing.T) {
				done := m.try(t, Fault{N: op.N, Effect: effect})
				if len(done) < op.N {
					t.Errorf("Run ended after %d operations, before the fault: it is not the same each time", len(done))
				}
			})
		}
	}
}

func (m CrashMatrix) try(t *testing.T, faults ...Fault) []Op {
	store := m.Fresh(t)
	faulty := NewFaulty(store)
	faulty.Inject(faults...)
	m.Run(t, faulty)
	log := faulty.Log()
	m.Check(t, store)
	return log
}
