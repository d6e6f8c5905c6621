package blobtest

import (
	"testing"

	"voc/internal/blob"
)

// Run checks that a store fulfils the contract of package blob, with a subtest for each
// promise. For each subtest newPlace creates an empty place and returns a function that
// opens it: each call of open returns another handle on the same place, as in another
// process. Run calls newPlace for one subtest at a time; the subtests run in parallel.
func Run(t *testing.T, newPlace func(t *testing.T) (open func() blob.Store)) {
	for _, promise := range promises {
		t.Run(promise.name, func(t *testing.T) {
			open := newPlace(t)
			t.Parallel()
			promise.check(subject{T: t, Store: open(), open: open})
		})
	}
}

var promises = []struct {
	name  string
	check func(s subject)
}{
	{"a missing object is ErrNotExist", missingIsErrNotExist},
	{"an object reads as it was written", readsAsWritten},
	{"a big object streams through", bigObject},
	{"GetIfChanged sends a body only after a change", getIfChanged},
	{"an open body outlives replacement and deletion", bodyOutlivesObject},
	{"times are by one clock", timesByOneClock},
	{"another handle sees every write", anotherHandle},

	{"PutNew never overwrites", putNewNeverOverwrites},
	{"PutNew reads the body from its start", putNewFromStart},
	{"PutNew of a failing body leaves nothing", putNewOfFailingBody},
	{"Replace needs the current version", replaceNeedsCurrent},
	{"Replace with the zero version creates", replaceCreates},
	{"Replace copies the body", replaceCopies},
	{"different bodies have different versions", versionsDiffer},
	{"Delete leaves nothing and may be repeated", deleteLeavesNothing},
	{"random histories match those of a map", randomHistories},

	{"List is in byte order of the keys", listAscends},
	{"List agrees with Stat", listAgrees},
	{"List may be left and ranged over again", listAgain},

	{"invalid keys are rejected", invalidKeys},
	{"a done context ends every operation", doneContext},
	{"the context governs the body", contextGovernsBody},
	{"PutNew ends with its context", putNewEndsWithContext},

	{"one of concurrent creations wins", oneCreationWins},
	{"one of concurrent replacements wins", oneReplacementWins},
	{"no update is lost", noUpdateIsLost},
	{"a replacement never brings back a deleted object", noResurrection},
	{"readers never see an incomplete object", neverIncomplete},
}
