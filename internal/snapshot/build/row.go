package build

import (
	"fmt"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// Row is one record with all that is served of it.
type Row struct {
	Feedback feedback.Feedback
	Source   snapshot.Source
	URL      string // of the record in Airtable
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("snapshot: %s: %w", doing, snapshot.Advise(err))
}
