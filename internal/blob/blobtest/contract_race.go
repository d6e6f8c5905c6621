package blobtest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"voc/internal/blob"
)

// contenders is how many handles compete for one object.
const contenders = 8

// race starts the contenders at once, each with its own handle, and returns the error of
// each.
func (s subject) race(try func(i int, store blob.Store) error) []error {
	errs := make([]error, contenders)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range contenders {
		store := s.open()
		all.Go(func() {
			<-start
			errs[i] = try(i, store)
		})
	}
	close(start)
	all.Wait()
	return errs
}

// oneWinner returns the winner and checks that the others lost with a certain error.
func (s subject) oneWinner(errs []error) int {
	s.Helper()
	winner := -1
	for i, err := range errs {
		switch {
		case err == nil && winner < 0:
			winner = i
		case err == nil:
			s.Fatalf("both %d and %d won", winner, i)
		case !errors.Is(err, blob.ErrExist) && !errors.Is(err, blob.ErrChanged):
			s.Errorf("%d lost with %v", i, err)
		}
	}
	if winner < 0 {
		s.Fatal("no contender won")
	}
	return winner
}

func oneCreationWins(s subject) {
	for round := range 10 {
		key := fmt.Sprint("round/", round)
		winner := s.oneWinner(s.race(func(i int, store blob.Store) (err error) {
			if i%2 == 0 {
				_, err = store.PutNew(s.Context(), key, strings.NewReader(strconv.Itoa(i)))
			} else {
				_, err = store.Replace(s.Context(), key, []byte(strconv.Itoa(i)), "")
			}
			return err
		}))
		s.checkBody(key, strconv.Itoa(winner))
	}
}

func oneReplacementWins(s subject) {
	current := s.put("object", "first").Version
	for round := range 10 {
		winner := s.oneWinner(s.race(func(i int, store blob.Store) error {
			body := fmt.Appendf(nil, "%d in round %d", i, round)
			_, err := store.Replace(s.Context(), "object", body, current)
			return err
		}))
		body, info := s.read("object")
		if body != fmt.Sprintf("%d in round %d", winner, round) {
			s.Errorf("%d won round %d, but the object contains %q", winner, round, body)
		}
		current = info.Version
	}
}

func noUpdateIsLost(s subject) {
	const each = 5
	s.put("counter", "0")
	for _, err := range s.race(func(_ int, store blob.Store) error {
		for range each {
			if err := increment(s.Context(), store, "counter"); err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			s.Error(err)
		}
	}
	s.checkBody("counter", strconv.Itoa(contenders*each))
}

func increment(ctx context.Context, store blob.Store, key string) error {
	for {
		object, err := store.Get(ctx, key)
		if err != nil {
			return err
		}
		body, err := readBody(object)
		if err != nil {
			return err
		}
		count, err := strconv.Atoi(body)
		if err != nil {
			return err
		}
		_, err = store.Replace(ctx, key, []byte(strconv.Itoa(count+1)), object.Version)
		if !errors.Is(err, blob.ErrChanged) {
			return err
		}
	}
}

func noResurrection(s subject) {
	for round := range 10 {
		key := fmt.Sprint("round/", round)
		current := s.put(key, "first").Version
		errs := s.race(func(i int, store blob.Store) error {
			if i == 0 {
				return store.Delete(s.Context(), key)
			}
			_, err := store.Replace(s.Context(), key, fmt.Append(nil, i), current)
			return err
		})
		if errs[0] != nil {
			s.Fatal(errs[0])
		}
		s.checkMissing(key)
	}
}

func neverIncomplete(s subject) {
	const size = 64 << 10
	body := func(i int) string {
		return strings.Repeat(string(rune('a'+i%26)), size+i%2)
	}
	current := s.put("object", body(0)).Version
	var seen sync.Map // version → body
	written, done := context.WithCancel(s.Context())
	errs := s.race(func(i int, store blob.Store) (err error) {
		if i == 0 {
			defer done()
			for n := 1; n <= 25 && err == nil; n++ {
				var info blob.Info
				info, err = store.Replace(s.Context(), "object", []byte(body(n)), current)
				current = info.Version
			}
			return err
		}
		for err == nil && written.Err() == nil {
			err = readComplete(s.Context(), store, "object", &seen)
		}
		return err
	})
	if err := errors.Join(errs...); err != nil {
		s.Error(err)
	}
}

// readComplete reads an object that repeats one letter and checks that its version always
// had this body.
func readComplete(ctx context.Context, store blob.Store, key string, seen *sync.Map) error {
	object, err := store.Get(ctx, key)
	if err != nil {
		return err
	}
	body, err := readBody(object)
	if err != nil {
		return err
	}
	if int64(len(body)) != object.Size || strings.Count(body, body[:1]) != len(body) {
		return fmt.Errorf("incomplete object: %d bytes of %d, from %q to %q",
			len(body), object.Size, body[:1], body[len(body)-1:])
	}
	if before, known := seen.LoadOrStore(object.Version, body); known && before != body {
		return fmt.Errorf("version %q has two bodies", object.Version)
	}
	return nil
}
