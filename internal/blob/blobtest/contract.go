package blobtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"voc/internal/blob"
)

// Run holds a store to the contract of package blob, a subtest for each promise. For each of them place makes an
// empty place and returns what opens it: every call gives another handle on the same place, as another
// process would have. It makes one place after the other; the promises are checked in parallel.
func Run(t *testing.T, place func(t *testing.T) (open func() blob.Store)) {
	for _, promise := range promises {
		t.Run(promise.name, func(t *testing.T) {
			open := place(t)
			t.Parallel()
			promise.check(subject{T: t, Store: open(), open: open})
		})
	}
}

var promises = []struct {
	name  string
	check func(s subject)
}{
	{"an absent object is ErrNotExist", absentIsErrNotExist},
	{"an object reads as it was written", readsAsWritten},
	{"a big object streams through", bigObject},
	{"GetIfChanged sends a body only after a change", getIfChanged},
	{"an open body outlives replacement and deletion", bodyOutlivesObject},
	{"times are of one clock", timesOfOneClock},
	{"another handle sees every write", anotherHandle},

	{"PutNew never overwrites", putNewNeverOverwrites},
	{"PutNew reads the body from its start", putNewFromStart},
	{"PutNew of a body that fails leaves nothing", putNewOfFailingBody},
	{"Replace needs the current version", replaceNeedsCurrent},
	{"Replace with the zero version creates", replaceCreates},
	{"Replace copies the body", replaceCopies},
	{"different bodies have different versions", versionsDiffer},
	{"Delete leaves nothing and may be repeated", deleteLeavesNothing},
	{"a random history is that of a map", randomHistories},

	{"List ascends by the keys' bytes", listAscends},
	{"List agrees with Stat", listAgrees},
	{"List may be left and ranged over again", listAgain},

	{"invalid keys are refused", invalidKeys},
	{"an ended context ends everything", endedContext},
	{"the context governs the body", contextGovernsBody},
	{"PutNew ends with its context", putNewEndsWithContext},

	{"of concurrent creations one wins", oneCreationWins},
	{"of concurrent replacements one wins", oneReplacementWins},
	{"no update is lost", noUpdateIsLost},
	{"a replacement never brings back a deleted object", noResurrection},
	{"readers never see half an object", neverHalf},
}

// subject is one promise's test and the store it is about.
type subject struct {
	*testing.T
	blob.Store
	open func() blob.Store
}

func (s subject) put(key, body string) blob.Info {
	s.Helper()
	info, err := s.PutNew(s.Context(), key, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	return info
}

func (s subject) replace(key, body string, current blob.Version) blob.Info {
	s.Helper()
	info, err := s.Replace(s.Context(), key, []byte(body), current)
	if err != nil {
		s.Fatal(err)
	}
	return info
}

// read gives what is at the key now.
func (s subject) read(key string) (string, blob.Info) {
	s.Helper()
	object, err := s.Get(s.Context(), key)
	if err != nil {
		s.Fatal(err)
	}
	return s.drain(object), object.Info
}

func (s subject) drain(object *blob.Object) string {
	s.Helper()
	body, err := drain(object)
	if err != nil {
		s.Fatal(err)
	}
	return body
}

// drain is for goroutines that must not end the test.
func drain(object *blob.Object) (string, error) {
	defer object.Body.Close()
	body, err := io.ReadAll(object.Body)
	if err != nil {
		return "", fmt.Errorf("read the body of %s: %w", object.Key, err)
	}
	return string(body), nil
}

func (s subject) keys(prefix string) []string {
	s.Helper()
	keys := []string{}
	for info, err := range s.List(s.Context(), prefix) {
		if err != nil {
			s.Fatal(err)
		}
		keys = append(keys, info.Key)
	}
	return keys
}

// holds checks what is at the key.
func (s subject) holds(key, want string) {
	s.Helper()
	if got, _ := s.read(key); got != want {
		s.Errorf("%s holds %.40q, want %.40q", key, got, want)
	}
}

// lacks checks that nothing is at the key.
func (s subject) lacks(key string) {
	s.Helper()
	_, err := s.Stat(s.Context(), key)
	s.fails("Stat of "+key, err, blob.ErrNotExist)
}

func (s subject) fails(what string, err, want error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Errorf("%s: error %v, want %v", what, err, want)
	}
}

// operations is one call of each method that takes a key, reduced to its error.
func operations(ctx context.Context, store blob.Store, key string) map[Kind]error {
	errs := map[Kind]error{}
	_, errs[Get] = store.Get(ctx, key)
	_, errs[GetIfChanged] = store.GetIfChanged(ctx, key, "some")
	_, errs[Stat] = store.Stat(ctx, key)
	_, errs[PutNew] = store.PutNew(ctx, key, strings.NewReader("new"))
	_, errs[Replace] = store.Replace(ctx, key, []byte("new"), "")
	for _, err := range store.List(ctx, key) {
		errs[List] = err
	}
	errs[Delete] = store.Delete(ctx, key)
	return errs
}
