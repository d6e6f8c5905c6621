package main_test

import (
	"strings"
	"testing"

	"voc/internal/airtablesim"
	"voc/internal/job"
)

// TestRefreshDistrustsDateFarAhead: the next response with a right date counts again.
func TestRefreshDistrustsDateFarAhead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.function("full")
	wrong := airtablesim.Fault{}.With("Date", "Fri, 31 Dec 9999 23:59:59 GMT")
	w.sim.Script(wrong.On(airtablesim.Schema))
	run := invoke(t, f, scheduled("full", "2026-11-30T04:59:00Z"))
	is(t, run, job.Published, job.Full)
	contains(t, strings.Join(run.Warnings, "\n"), "Date header is 9999-12-31")
	if run.AirtableStarted.Year() == 9999 {
		t.Errorf("the receipt believes %s", run.AirtableStarted)
	}
	run = invoke(t, f, scheduled("full", "2026-12-30T04:59:00Z"))
	if len(run.Warnings) > 0 {
		t.Errorf("warnings %q", run.Warnings)
	}
}

// TestRefreshRetriesLostListing: the function fails, so that Lambda invokes it again.
func TestRefreshRetriesLostListing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.function("full")
	lost := airtablesim.Refuse(422, airtablesim.ShapeObject, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE", "")
	w.sim.Script(lost.On(airtablesim.List).Repeat(4))
	event := scheduled("full", "2026-11-30T04:59:00Z")
	run := receipt(t, []byte(fails(t, f, event).Message))
	is(t, run, job.Failed, job.Full)
	contains(t, string(run.Error), "lost 4 times", "this passes")
	if strings.Contains(string(run.Error), "FIELD_MAP") || run.Final {
		t.Errorf("final %t: %s", run.Final, run.Error)
	}
	is(t, invoke(t, f, event), job.Published, job.Full)
}

// TestRefreshNamesItsOwnAcceptance: the advice of a rejected run is one that works on AWS.
func TestRefreshNamesItsOwnAcceptance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.function("full")
	is(t, invoke(t, f, `{}`), job.Published, job.Full)
	for _, record := range w.sim.Records()[:records/2] {
		w.sim.Delete(record.ID)
	}
	run := invoke(t, f, `{"mode":"sweep"}`)
	is(t, run, job.Refused, job.Sweep)
	contains(t, string(run.Error), "make invoke-sweep ACCEPT=1", `{"mode":"sweep","accept":true}`)
	if strings.Contains(string(run.Error), "voc refresh") {
		t.Error(run.Error)
	}
	is(t, invoke(t, f, `{"mode":"sweep","accept":true}`), job.Published, job.Sweep)
}
