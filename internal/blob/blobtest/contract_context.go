package blobtest

import (
	"context"
	"io"
	"strings"
)

func doneContext(s subject) {
	s.put("object", "old")
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	for _, key := range []string{"object", "missing"} {
		errs := callAll(ctx, s.Store, key)
		for kind, err := range errs {
			s.checkError(string(kind)+" of "+key, err, context.Canceled)
		}
		if errs[List] == nil {
			s.Error("List ignored the done context")
		}
	}
	s.checkBody("object", "old")
	s.checkMissing("missing")
}

func contextGovernsBody(s subject) {
	const size = 8 << 20 // more than a connection buffers
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
	s.checkError("reading on", err, context.Canceled)
}

func putNewEndsWithContext(s subject) {
	ctx, cancel := context.WithCancel(s.Context())
	text := strings.NewReader(strings.Repeat("x", 100_000))
	body := tripwire{text, func() error { cancel(); return nil }}
	_, err := s.PutNew(ctx, "object", body)
	s.checkError("PutNew whose context ends halfway", err, context.Canceled)
	s.checkMissing("object")
	s.put("object", "a later try")
}
