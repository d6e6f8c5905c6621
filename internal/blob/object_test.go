package blob_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"voc/internal/blob"
)

func TestBodyHasSizeOrError(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name   string
		source io.Reader
		want   string
		err    error
	}{
		{"whole", strings.NewReader("12345"), "12345", nil},
		{"whole, EOF with the last bytes", iotest.DataErrReader(strings.NewReader("12345")), "12345",
			nil},
		{"byte by byte", iotest.OneByteReader(strings.NewReader("12345")), "12345", nil},
		{"too short", strings.NewReader("123"), "123", io.ErrUnexpectedEOF},
		{"too short, EOF with the last bytes", iotest.DataErrReader(strings.NewReader("123")), "123",
			io.ErrUnexpectedEOF},
		{"too long", strings.NewReader("1234567"), "12345", nil},
		{"broken", io.MultiReader(strings.NewReader("12"), iotest.ErrReader(broken)), "12", broken},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := io.ReadAll(blob.NewBody(t.Context(), io.NopCloser(c.source), 5))
			if string(got) != c.want || !errors.Is(err, c.err) {
				t.Errorf("read %q, %v; want %q, %v", got, err, c.want, c.err)
			}
		})
	}
}

func TestBodyEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	source := &closing{Reader: strings.NewReader("12345")}
	body := blob.NewBody(ctx, source, 5)
	cancel()
	if n, err := body.Read(make([]byte, 5)); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("read %d bytes, %v", n, err)
	}
	if err := body.Close(); err != nil || !source.closed {
		t.Errorf("closed: %v, %v", source.closed, err)
	}
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}
