package httpapi

import (
	"context"
	"slices"
	"strings"

	"voc/internal/feedback"
	"voc/internal/httpapi/respond"
	"voc/internal/replica"
	"voc/internal/snapshot"
)

// report returns the handler of a report that is precomputed in the snapshot.
func (a *API) report(name snapshot.Name) func(*request) (respond.Answer, error) {
	return a.data(func(r *request, view replica.View) (respond.Body, error) {
		return precomputed(r, view, name)
	})
}

// facets answers GET /api/feedback/facets.
func (a *API) facets(r *request, view replica.View) (body respond.Body, err error) {
	filter, bad := r.filter()
	if bad != nil {
		return nil, bad
	}
	if len(r.values) == 0 {
		return precomputed(r, view, snapshot.FacetsReport)
	}
	err = a.search(r, filter.Text != nil, func(ctx context.Context) error {
		counts, err := view.File.Facets(ctx, filter)
		body = respond.Bytes(counts)
		return err
	})
	return body, err
}

// responseTimes answers GET /api/reports/response-times.
func (a *API) responseTimes(r *request, view replica.View) (body respond.Body, err error) {
	names := r.environments()
	if names == nil {
		return precomputed(r, view, snapshot.TimesReport)
	}
	err = a.search(r, false, func(ctx context.Context) error {
		times, err := view.File.ResponseTimes(ctx, names)
		body = respond.Bytes(times)
		return err
	})
	return body, err
}

// responseCounts answers GET /api/reports/response-counts.
func (a *API) responseCounts(r *request, view replica.View) (body respond.Body, err error) {
	names := r.environments()
	err = a.search(r, false, func(ctx context.Context) error {
		counts, err := view.File.ResponseCounts(ctx, names)
		body = respond.Bytes(counts)
		return err
	})
	return body, err
}

// environments returns those of a report; nil: all.
func (r *request) environments() []string {
	names := r.values[feedback.Environment]
	isAll := func(name string) bool {
		return feedback.Fold(name) == feedback.Fold(feedback.AllEnvironments)
	}
	if slices.ContainsFunc(names, isAll) {
		return nil
	}
	return names
}

// trends answers GET /api/reports/trends.
func trends(r *request, view replica.View) (respond.Body, error) {
	weeks, bad := r.number("weeks", feedback.MaxTrendWeeks, feedback.DefaultTrendWeeks)
	by := strings.Join(r.values["by"], "")
	if !slices.Contains(feedback.TrendProperties[:], by) {
		detail := "must be one of " + strings.Join(feedback.TrendProperties[:], ", ")
		bad = append(bad, parameterError{"by", detail})
	}
	if bad != nil {
		return nil, bad
	}
	body, err := view.File.Trends(r.Context(), by, weeks)
	return respond.Bytes(body), err
}

// movers answers GET /api/reports/movers.
func movers(r *request, view replica.View) (respond.Body, error) {
	var week *feedback.WeekNumber
	if given, ok := r.values["week"]; ok {
		number, isMonday := feedback.ParseWeek(given[0])
		if !isMonday {
			return nil, badRequest{{"week", "must be a Monday, YYYY-MM-DD"}}
		}
		week = &number
	}
	body, err := view.File.Movers(r.Context(), week)
	return respond.Bytes(body), err
}

// precomputed answers with a report of the snapshot.
func precomputed(r *request, view replica.View, name snapshot.Name) (respond.Body, error) {
	body, encoding, err := view.File.Report(r.Context(), name, r.response.Accepted())
	return respond.Encoded{Bytes: body, Encoding: encoding}, err
}
