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

// stderrTerminal returns the terminal that stderr is, or nil.
func (p *Program) stderrTerminal() io.Writer {
	if file, ok := p.Stderr.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return file
	}
	return nil
}

// erasing is a terminal on which each line of the log takes the place of the progress.
type erasing struct{ io.Writer }

// Write implements io.Writer.
func (e erasing) Write(line []byte) (int, error) {
	if _, err := io.WriteString(e.Writer, eraseLine); err != nil {
		return 0, err
	}
	return e.Writer.Write(line)
}

// finish erases the line of the terminal.
func (p *progress) finish() {
	if p.terminal != nil {
		fmt.Fprint(p.terminal, eraseLine)
	}
}
