package serverhost

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"golang.org/x/term"

	"voc/internal/refresh"
)

// progress shows how far a refresh has come.
type progress interface {
	show(refresh.Progress)
	finish()
}

// progress returns a progressLine if stderr is a terminal, and else a progressLog.
func (p *Program) progress(log *slog.Logger) progress {
	file, ok := p.Stderr.(*os.File)
	if ok && term.IsTerminal(int(file.Fd())) {
		return progressLine{file}
	}
	return newProgressLog(log)
}

// progressLine overwrites one line of a terminal.
type progressLine struct{ terminal io.Writer }

const eraseLine = "\r\x1b[K" // ECMA-48: carriage return, erase to the end of the line

func (l progressLine) show(p refresh.Progress) {
	fmt.Fprintf(l.terminal, eraseLine+"reading Airtable: %d records", p.Records)
}

func (l progressLine) finish() { fmt.Fprint(l.terminal, eraseLine) }

// progressLog logs a line from time to time.
type progressLog struct {
	log  *slog.Logger
	last time.Time
}

// progressInterval is the least time between two lines.
const progressInterval = 5 * time.Second

func newProgressLog(log *slog.Logger) *progressLog { return &progressLog{log, time.Now()} }

func (l *progressLog) show(p refresh.Progress) {
	if time.Since(l.last) >= progressInterval {
		l.last = time.Now()
		l.log.Info("reading Airtable", "pages", p.Pages, "records", p.Records)
	}
}

func (l *progressLog) finish() {}
