package serverhost

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"voc/internal/refresh"
)

// progressInterval is the least time between two lines of the log.
const progressInterval = 5 * time.Second

const eraseLine = "\r\x1b[K" // ECMA-48: carriage return, erase to the end of the line

// progress shows how far a refresh has come: on one line of a terminal, which it overwrites, or
// else with a line of the log from time to time.
type progress struct {
	terminal io.Writer // nil if stderr is none
	log      *slog.Logger
	last     time.Time // of a line of the log
}

func newProgress(log *slog.Logger) *progress { return &progress{log: log, last: time.Now()} }

func (p *progress) show(soFar refresh.Progress) {
	if p.terminal != nil {
		fmt.Fprintf(p.terminal, eraseLine+"reading Airtable: %d records", soFar.Records)
	} else if time.Since(p.last) >= progressInterval {
		p.last = time.Now()
		p.log.Info("reading Airtable", "pages", soFar.Pages, "records", soFar.Records)
	}
}

// finish erases the line of the terminal.
func (p *progress) finish() {
	if p.terminal != nil {
		fmt.Fprint(p.terminal, eraseLine)
	}
}
