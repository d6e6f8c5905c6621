package refresh_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/airtable"
	"voc/internal/airtablesim"
	"voc/internal/job"
)

// dialsSlowly makes a transport wait before each new connection, in which calls on other
// connections overtake.
func dialsSlowly(transport http.RoundTripper) {
	t := transport.(*http.Transport)
	dial := t.DialContext
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		time.Sleep(700 * time.Millisecond)
		return dial(ctx, network, address)
	}
}

// TestDividedRefresh lists a table in parts, by a full and by a sweep, while it is edited
// and while iterators are lost: of one part, or of all. No record that exists all the time
// is missing, the limit holds, and the next sweep finds nothing that was left out.
func TestDividedRefresh(t *testing.T) {
	t.Parallel()
	lost := airtablesim.Refuse(422, airtablesim.ShapeObject,
		"LIST_RECORDS_ITERATOR_NOT_AVAILABLE", "lost").OnPage(2)
	for mode, faults := range map[job.Mode][]airtablesim.Fault{
		job.Full:  {lost.After(2), airtablesim.ExpireIterators().OnPage(3)},
		job.Sweep: {lost},
	} {
		t.Run(string(mode), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newGoingWorld(t, airtablesim.Config{
					Freeze: true, Latency: 600 * time.Millisecond, Rate: airtable.RequestsPerSecond,
				})
				dialsSlowly(w.http)
				w.pace = airtable.Rate
				filled := w.fill(2050)
				time.Sleep(time.Hour)
				const pages = 21
				first := w.must(job.Full, job.Published)
				if first.AirtableCalls > pages+5 || first.Pages <= pages || first.Throttled > 0 {
					t.Errorf("%d calls for %d pages: not divided, or too often: %+v", first.AirtableCalls,
						pages, first)
				}
				time.Sleep(time.Hour)
				w.delete(filled[:20])
				w.Update(filled[20], edit{"Status": "Closed"})
				created := w.Create(edit{"Notes": "new"})
				calls := 0
				w.Before(func(c airtablesim.Call) {
					if c.Kind == airtablesim.List {
						calls++
						w.Update(filled[30+calls], edit{"Status": fmt.Sprint("edited ", calls)})
						w.Delete(filled[500+calls])
						w.Create(edit{"Notes": fmt.Sprint("during call ", calls)})
					}
				})
				w.Script(faults...)
				receipt := w.must(mode, job.Published)
				w.Before(nil)
				if receipt.Throttled > 0 || w.Pending() > 0 {
					t.Errorf("%d faults are left; %+v", w.Pending(), receipt)
				}
				ids := w.ids()
				for i, id := range append(filled, created) {
					_, served := slices.BinarySearch(ids, id)
					if i < 20 && served || !served && (20 <= i && i <= 500 || 500+calls < i) {
						t.Errorf("record %d of %d: is served: %t", i, len(filled), served)
					}
				}
				time.Sleep(time.Hour)
				w.must(job.Sweep, job.Published)
				w.converged()
			})
		})
	}
}
