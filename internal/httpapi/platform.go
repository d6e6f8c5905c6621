package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"voc/internal/snapshot"
)

// Platform is what a host imposes that runs the handler for single requests, as Lambda does. The zero Platform imposes nothing.
type Platform struct {
	// AnswerLimit is how many bytes the body of an answer may have in base64, in which the platform carries it; 0: any. A larger answer is a 413.
	AnswerLimit int

	// FetchWithin bounds how long a request looks at the store and fetches what is new there, since nothing goes on once it is answered; 0: that goes
	// on, whatever becomes of the request.
	FetchWithin time.Duration

	// Warnings are what an operator of the host should know, for /api/cache/.
	Warnings []string
}

// crowded is the share of the limit, in percent, from which on the whole list draws a warning.
const crowded = 70

var errTooLarge = errors.New("this answer is larger than the platform here can send (Lambda: 6 MB, after encoding and base64): ask for pages with limit, or let it be encoded (Accept-Encoding: br, gzip)")

// room is how many bytes a body may have; -1: any.
func (p Platform) room() int64 {
	if p.AnswerLimit == 0 {
		return -1
	}
	return int64(p.AnswerLimit / 4 * 3)
}

// warnings are those of the host, and of a whole list that is about to outgrow it.
func (p Platform) warnings(file *snapshot.File) []string {
	warnings := slices.Clone(p.Warnings)
	if p.AnswerLimit == 0 || file == nil {
		return warnings
	}
	for _, encoding := range []snapshot.Encoding{snapshot.Brotli, snapshot.Gzip} {
		if share := file.Size(encoding) * 100 / p.room(); share >= crowded {
			warnings = append(warnings, fmt.Sprintf("the whole list takes %d %% of what this platform can send, encoded as %s: more is refused, so have its clients use limit, or narrow FEEDBACK_YEARS", share, encoding))
		}
	}
	return warnings
}

// fits says whether a body of so many bytes can be sent.
func (w *response) fits(size int64) error {
	if w.room >= 0 && size > w.room {
		return errTooLarge
	}
	return nil
}

// limited holds a body whose length is not known before until it is whole, where there is a limit to it: one that has begun could not be refused any more.
type limited struct {
	*response
	body []byte
}

// Write implements io.Writer. Error: errTooLarge.
func (l *limited) Write(p []byte) (int, error) {
	if err := l.fits(int64(len(l.body) + len(p))); err != nil {
		return 0, err
	}
	l.body = append(l.body, p...)
	return len(p), nil
}

// Close sends what was kept.
func (l *limited) Close() error {
	_, err := l.response.Write(l.body)
	return err
}

// sink is where a body of unknown length goes.
func (w *response) sink() io.WriteCloser {
	if w.room < 0 {
		return plain{w}
	}
	return &limited{response: w}
}

// inStore is the context of a look at the store for a request. On a server it outlives the request that began it: a client that hangs up must not keep a snapshot
// from being fetched for the others.
func (a *API) inStore(ctx context.Context) (context.Context, context.CancelFunc) {
	if a.Platform.FetchWithin == 0 {
		return context.WithoutCancel(ctx), func() {}
	}
	return context.WithTimeout(ctx, a.Platform.FetchWithin)
}
