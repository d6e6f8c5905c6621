package blobtest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"voc/internal/blob"
)

// randomHistories applies random operations to three keys and compares each result with a
// map.
func randomHistories(s subject) {
	foreign := s.put("foreign", "another object").Version
	for seed := range uint64(4) {
		bodies, versions := map[string]string{}, map[string]blob.Version{}
		h := history{s, fmt.Sprint("seed ", seed), bodies, versions, foreign}
		random := rand.New(rand.NewPCG(seed, 0))
		for step := range 60 {
			key := fmt.Sprintf("%d/%c", seed, 'a'+random.IntN(3))
			h.step(random.IntN(5), key, fmt.Sprint("body ", step))
			h.compare(key)
		}
	}
}

// history is the expected content of the store and the last version of each key.
type history struct {
	subject
	seed     string
	bodies   map[string]string
	versions map[string]blob.Version
	foreign  blob.Version // that no key of the history ever has
}

func (h history) step(action int, key, body string) {
	_, exists := h.bodies[key]
	current := h.versions[key]
	if !exists {
		current = ""
	}
	switch action {
	case 0:
		info, err := h.PutNew(h.Context(), key, strings.NewReader(body))
		h.recordWrite(key, body, info, err, errorIf(exists, blob.ErrExist))
	case 1:
		info, err := h.Replace(h.Context(), key, []byte(body), current)
		h.recordWrite(key, body, info, err, nil)
	case 2:
		stale := h.foreign
		if !exists {
			stale = h.versions[key] // of the deleted object, if there was one
		}
		info, err := h.Replace(h.Context(), key, []byte(body), stale)
		h.recordWrite(key, body, info, err, errorIf(stale != "", blob.ErrChanged))
	case 3:
		if err := h.Delete(h.Context(), key); err != nil {
			h.Fatalf("%s: %v", h.seed, err)
		}
		delete(h.bodies, key)
	case 4:
		_, err := h.GetIfChanged(h.Context(), key, current)
		want := blob.ErrNotExist
		if exists {
			want = blob.ErrNotModified
		}
		h.checkError(h.seed+": GetIfChanged", err, want)
	}
}

func (h history) recordWrite(key, body string, info blob.Info, err, want error) {
	h.Helper()
	h.checkError(h.seed+": write of "+key, err, want)
	if err == nil {
		h.bodies[key], h.versions[key] = body, info.Version
	}
}

func (h history) compare(key string) {
	h.Helper()
	if body, exists := h.bodies[key]; exists {
		h.checkBody(key, body)
	} else {
		h.checkMissing(key)
	}
	folder, _, _ := strings.Cut(key, "/")
	if got, want := h.keys(folder+"/"), slices.Sorted(maps.Keys(h.bodies)); !slices.Equal(got, want) {
		h.Fatalf("%s: listed %q, want %q", h.seed, got, want)
	}
}

func errorIf(condition bool, err error) error {
	if condition {
		return err
	}
	return nil
}
