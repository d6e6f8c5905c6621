package airtable

import (
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
)

const (
	// maxIdle is how many pages in a row may bring no new record. Airtable documents that
	// pages may be short, not how many may be.
	maxIdle = 20

	// maxListed bounds what a listing requests, as pages times their size. Airtable's
	// largest plan has 500,000 records per base or a little more
	// (https://support.airtable.com/docs/airtable-plans, November 2026).
	maxListed = 1_000_000

	maxExamples = 3 // of invalid ids in a warning
)

var idSeed = maphash.MakeSeed()

// walk is what a listing has passed since its last start. It holds about 16 bytes for
// each record.
type walk struct {
	offsets  map[string]bool
	ids      map[uint64]struct{} // hashes: a collision only makes a new record look known
	idle     int                 // pages in a row without a new record
	listed   int                 // records requested
	last     string              // a description of the record that comes next
	invalid  int                 // records left out
	examples []string            // of their ids
	warned   []string            // warnings that were delivered
}

// accept removes from a page what must not reach the consumer. It returns an error if the
// listing runs in a circle or without end.
func (w *walk) accept(page *Page, size int, next string) error {
	page.Records = slices.DeleteFunc(page.Records, func(r Record) bool {
		if IsRecordID(r.ID) {
			return false
		}
		w.invalid++
		if len(w.examples) < maxExamples {
			w.examples = append(w.examples, fmt.Sprintf("%.40q", oneLine(r.ID)))
		}
		return true
	})
	page.Warnings = slices.DeleteFunc(page.Warnings, func(warning string) bool {
		return slices.Contains(w.warned, warning)
	})
	w.warned = append(w.warned, page.Warnings...)
	if next == "" && w.invalid > 0 {
		page.Warnings = append(page.Warnings,
			fmt.Sprintf("records left out because Airtable sent invalid ids: %d (%s)",
				w.invalid, strings.Join(w.examples, ", ")))
	}
	return w.proceed(*page, size, next)
}

func (w *walk) proceed(page Page, size int, next string) error {
	if w.offsets == nil {
		w.offsets, w.ids = map[string]bool{}, map[uint64]struct{}{}
	}
	known := len(w.ids)
	for _, record := range page.Records {
		w.ids[maphash.String(idSeed, record.ID)] = struct{}{}
		w.last = "the record after " + record.ID
	}
	w.idle++
	if len(w.ids) > known {
		w.idle = 0
	}
	w.listed += size
	switch {
	case next == "":
		return nil
	case w.offsets[next]:
		return errors.New("the same offset was returned twice")
	case w.idle >= maxIdle:
		return fmt.Errorf("%d pages in a row brought no new record, but the listing goes on", w.idle)
	case w.listed >= maxListed:
		return fmt.Errorf("the listing goes on after room for %d records", w.listed)
	}
	w.offsets[next] = true
	return nil
}
