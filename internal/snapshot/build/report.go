package build

import (
	"context"
	"maps"
	"slices"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

func (x *index) storeReports(ctx context.Context, d *Draft, encoders *encoders) error {
	facets := feedback.Facets{Total: x.records, Choices: map[string][]feedback.Choice{}}
	for property, values := range x.facets {
		for _, entry := range values {
			facets.Choices[property] = append(facets.Choices[property], feedback.Choice{Value: entry.value(), Count: int(entry.positions.GetCardinality())}) // #nosec G115 -- at most records
		}
	}
	weeks := map[string]feedback.Times{}
	for at, times := range x.sortedTimes() {
		times.Add(weeks[at.week])
		weeks[at.week] = times
	}
	for _, report := range []struct {
		name snapshot.Name
		body []byte
	}{
		{snapshot.FacetsReport, facets.JSON()},
		{snapshot.TimesReport, feedback.ResponseTimes(weeks)},
		{snapshot.PlacesReport, feedback.Environments(slices.Collect(maps.Keys(x.timed)))},
		{snapshot.PulseReport, x.pulse.JSON()},
	} {
		if err := d.encodeReport(ctx, encoders, report.name, report.body); err != nil {
			return err
		}
	}
	return nil
}
