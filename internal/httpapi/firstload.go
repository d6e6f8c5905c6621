package httpapi

import (
	"fmt"
	"time"

	"voc/internal/job"
)

// firstLoad is the error of a request during the refresh that makes the first snapshot.
type firstLoad struct {
	run job.Run
	now time.Time
}

// Error says how far the refresh is, as far as this host knows.
func (f firstLoad) Error() string {
	const text = "no snapshot has been published yet: the first refresh "
	switch {
	case f.run.Started.IsZero():
		return text + "has been accepted and is about to start: retry in a moment"
	case f.run.Pages == 0:
		return text + fmt.Sprintf("started %s ago and has read no page so far: retry in a moment",
			max(f.now.Sub(f.run.Started.Time), 0).Round(time.Second))
	}
	progress := fmt.Sprintf("%d records on %d pages", f.run.Read, f.run.Pages)
	if f.run.AirtableCalls > 0 {
		progress += fmt.Sprintf(" with %d calls to Airtable", f.run.AirtableCalls)
	}
	return text + fmt.Sprintf("is running. It has read %s in %s: retry in a moment",
		progress, max(f.now.Sub(f.run.Started.Time), 0).Round(time.Second))
}
