package refresh

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"

	"voc/internal/airtable"
	"voc/internal/snapshot"
)

// auditRecords is how many records an audit reads: half a page, whose ids fit the request.
const auditRecords = 50

// Audit reads a few random records of the current snapshot from Airtable, in one call, and
// compares what people entered. It leaves out records that were modified since the snapshot's
// watermark, and those that Airtable no longer has: the next sweep removes them. checked is the
// number of records that it compared. The call is counted in the store.
//
// It must not run beside a run of the same engine, which would count its call.
func (e *Engine) Audit(ctx context.Context) (checked, differing int, err error) {
	dir, err := os.MkdirTemp(e.cfg.Dir, "audit-")
	if err != nil {
		return 0, 0, fmt.Errorf("create a directory for the audit: %w", err)
	}
	defer e.removeDir(dir)
	m, err := e.cfg.Store.Load(ctx)
	if err != nil {
		return 0, 0, err
	}
	if limit := e.cfg.MonthlyCalls; limit > 0 && m.CallsIn(m.ReadAt) >= limit {
		return 0, 0, airtable.ErrBudget
	}
	was, err := e.openParent(ctx, m, dir)
	defer was.close()
	if err != nil || was.parts == nil || was.outdated || was.records() == 0 {
		return 0, 0, err
	}
	if was.current.Watermark.IsZero() {
		return 0, 0, nil
	}
	digests, err := sampleDigests(ctx, was.parts.Source)
	if err != nil {
		return 0, 0, err
	}
	var ids []string
	for id := range digests {
		ids = append(ids, id)
	}
	chosen, err := airtable.RecordIDs(ids)
	if err != nil {
		return 0, 0, err
	}
	before := e.cfg.Airtable.Counts().Calls
	query := airtable.Query{
		Formula: "AND(" + chosen + ",NOT(" +
			airtable.ModifiedSince(was.current.Watermark.Add(-overlap)) + "))",
		MaxRecords: auditRecords, ByID: !was.meta().Blind,
	}
	plan := auditPlan(was)
	for page, err := range e.cfg.Airtable.List(ctx, plan.table, query) {
		if err != nil {
			return checked, differing, err
		}
		for _, record := range page.Records {
			checked++
			if !bytes.Equal(plan.row(record).Source.Digest, digests[record.ID]) {
				differing++
			}
		}
	}
	calls := e.cfg.Airtable.Counts().Calls - before
	return checked, differing, e.cfg.Store.Count(ctx, e.cfg.Base, calls)
}

// sampleDigests returns the digests of random records, by id.
func sampleDigests(ctx context.Context, originals *snapshot.Originals) (map[string][]byte, error) {
	var sample []snapshot.Source
	n := 0
	for source, err := range originals.All(ctx) {
		if err != nil {
			return nil, err
		}
		source.Fields = nil
		n++
		if !airtable.IsRecordID(source.ID) {
			continue
		}
		if len(sample) < auditRecords {
			sample = append(sample, source)
		} else if i := rand.IntN(n); i < auditRecords { // each record with the same probability
			sample[i] = source
		}
	}
	digests := map[string][]byte{}
	for _, source := range sample {
		digests[source.ID] = bytes.Clone(source.Digest)
	}
	return digests, nil
}

// auditPlan returns what the digests of the parent's records depend on, without a look at the
// schema.
func auditPlan(was parent) plan {
	meta := was.meta()
	p := plan{
		schema: !meta.Blind, base: was.owner.Base, table: was.owner.TableID,
		computed: map[string]bool{}, names: map[string]string{},
	}
	if p.table == "" {
		p.table = was.owner.TableName
	}
	for _, field := range meta.Fields {
		key := field.Name
		if p.schema {
			key, p.names[field.ID] = field.ID, field.Name
		}
		known := airtable.Field{ID: field.ID, Name: field.Name, Type: field.Type}
		if known.Computed() {
			p.computed[key] = true
		}
	}
	return p
}
