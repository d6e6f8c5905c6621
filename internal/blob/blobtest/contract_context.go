package blobtest

import (
	"context"
	"io"
	"strings"
)

func endedContext(s subject) {
	s.put("object", "old")
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	for _, key := range []string{"object", "absent"} {
		errs := operations(ctx, s.Store, key)
		for kind, err := range errs {
			s.fails(string(kind)+" of "+key, err, context.Canceled)
		}
		if errs[List] == nil {
			s.Error("List said nothing of the ended context")
		}
	}
	s.holds("object", "old")
	s.lacks("absent")
}

func contextGovernsBody(s subject) {
	const size = 8 << 20 // more than any connection holds back
	if _, err := s.PutNew(s.Context(), "big", io.NewSectionReader(pattern{}, 0, size)); err != nil {
		s.Fatal(err)
	}
	ctx, cancel := context.WithCancel(s.Context())
	object, err := s.Get(ctx, "big")
	if err != nil {
		s.Fatal(err)
	}
	defer object.Body.Close()
	if _, err := io.CopyN(io.Discard, object.Body, 1); err != nil {
		s.Fatal(err)
	}
	cancel()
	_, err = io.Copy(io.Discard, object.Body)
	s.fails("reading on", err, context.Canceled)
}

func putNewEndsWithContext(s subject) {
	ctx, cancel := context.WithCancel(s.Context())
	body := tripwire{strings.NewReader(strings.Repeat("x", 100_000)), func() error { cancel(); return nil }}
	_, err := s.PutNew(ctx, "object", body)
	s.fails("PutNew whose context ends under way", err, context.Canceled)
	s.lacks("object")
	s.put("object", "a later try")
}
