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

// subject is the test of one promise and the store under test.
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

// read returns the current object at the key.
func (s subject) read(key string) (string, blob.Info) {
	s.Helper()
	object, err := s.Get(s.Context(), key)
	if err != nil {
		s.Fatal(err)
	}
	return s.readBody(object), object.Info
}

func (s subject) readBody(object *blob.Object) string {
	s.Helper()
	body, err := readBody(object)
	if err != nil {
		s.Fatal(err)
	}
	return body
}

// readBody reads and closes the body. It does not end the test, so any goroutine may call
// it.
func readBody(object *blob.Object) (string, error) {
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

// checkBody checks the body of the object at the key.
func (s subject) checkBody(key, want string) {
	s.Helper()
	if got, _ := s.read(key); got != want {
		s.Errorf("%s contains %.40q, want %.40q", key, got, want)
	}
}

// checkMissing checks that there is no object at the key.
func (s subject) checkMissing(key string) {
	s.Helper()
	_, err := s.Stat(s.Context(), key)
	s.checkError("Stat of "+key, err, blob.ErrNotExist)
}

func (s subject) checkError(what string, err, want error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Errorf("%s: error %v, want %v", what, err, want)
	}
}

// callAll calls each method that takes a key once and returns the errors.
func callAll(ctx context.Context, store blob.Store, key string) map[Kind]error {
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
