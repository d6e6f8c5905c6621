package blobtest

import (
	"testing"

	"voc/internal/blob"
)

// A CrashMatrix runs an act once for each of its store operations and each fault of that
// operation: refused, lost, applied but reported as failed, process dies before it,
// process dies after it. The function returns a new attempt for each case. Cases run in
// parallel, so attempts must not share anything that either changes.
//
// With -short, each operation is combined with one of the five faults, in rotation.
type CrashMatrix func(t *testing.T) Attempt

// An Attempt is one case of a matrix.
type Attempt struct {
	// Store is the store before the act.
	Store blob.Store

	// Run performs the act. It may fail; Check judges the result. Without faults it always
	// makes the same store operations.
	Run func(store blob.Store)

	// Check checks, as the next process would and without faults, what Run has left in
	// Store.
	Check func()
}

var effects = []Effect{Refused, Lost, Applied, DiedBefore, DiedAfter}

// Test runs the matrix, with a subtest for each case. The first is an attempt without a
// fault, which counts the operations.
func (m CrashMatrix) Test(t *testing.T) {
	var log []Op
	t.Run("no fault", func(t *testing.T) { log = m.attempt(t) })
	if len(log) == 0 {
		t.Error("Run made no store operation")
	}
	for _, op := range log {
		for i, effect := range effects {
			if testing.Short() && op.N%len(effects) != i {
				continue
			}
			op.Effect = effect
			t.Run(op.String(), func(t *testing.T) {
				t.Parallel()
				done := m.attempt(t, Fault{N: op.N, Effect: effect})
				if len(done) < op.N {
					t.Errorf("Run ended after %d operations, before the fault: it is not deterministic",
						len(done))
				}
			})
		}
	}
}

func (m CrashMatrix) attempt(t *testing.T, faults ...Fault) []Op {
	attempt := m(t)
	faulty := NewFaulty(attempt.Store)
	faulty.Inject(faults...)
	attempt.Run(faulty)
	log := faulty.Log()
	attempt.Check()
	return log
}
