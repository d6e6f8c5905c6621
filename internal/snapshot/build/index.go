package build

import (
	"context"

	"github.com/RoaringBitmap/roaring/v2"

	"voc/internal/feedback"
)

// index collects what a full seal derives from all rows in Go. It holds about 40 bytes a record and
// the distinct values.
type index struct {
	valueChanges
	times   map[timesKey]feedback.Times
	columns map[string]*column // by sort key
}

// valueChanges is how the values of properties change: for a full seal from nothing.
type valueChanges struct {
	values map[string]map[string]*valueChange // property → folded value
	weeks  map[feedback.WeekNumber]int        // records that came minus those that went
}

// valueChange is how a value of a property changes: the records that came and those that went,
// and, as differences, how many records have each spelling, and how many were created in each week.
type valueChange struct {
	came, gone *roaring.Bitmap
	spellings  map[string]int
	weeks      map[feedback.WeekNumber]int
}

func newIndex() *index {
	x := &index{
		valueChanges: newValueChanges(),
		times:        map[timesKey]feedback.Times{},
		columns:      map[string]*column{},
	}
	for _, key := range rankedKeys {
		x.columns[key] = &column{indexes: map[string]int{}, isText: key == feedback.AreaImpacted}
	}
	return x
}

func newValueChanges() valueChanges {
	return valueChanges{map[string]map[string]*valueChange{}, map[feedback.WeekNumber]int{}}
}

// add indexes the record that is served next.
func (x *index) add(row *stagedRow) {
	f := row.feedback
	x.count(row.pos, f, 1)
	keys := sortKeysOf(f)
	for i, key := range rankedKeys {
		x.columns[key].add(keys[i])
	}
	key := timesKeyOf(f)
	times := timesOf(f.Hours)
	times.Add(x.times[key])
	x.times[key] = times
}

// count counts a record that came, by 1, or went, by -1.
func (x *valueChanges) count(pos uint32, f feedback.Feedback, by int) {
	week := feedback.WeekOf(f.Created)
	x.weeks[week] += by
	for _, property := range feedback.Properties {
		for _, text := range f.Values(property) {
			v := x.value(property, feedback.Fold(text))
			v.count(pos, text, by)
			v.weeks[week] += by
		}
	}
	x.value(feedback.Week, f.Week).count(pos, f.Week, by)
}

func (x *valueChanges) value(property, key string) *valueChange {
	if x.values[property] == nil {
		x.values[property] = map[string]*valueChange{}
	}
	v := x.values[property][key]
	if v == nil {
		v = &valueChange{
			came: roaring.New(), gone: roaring.New(),
			spellings: map[string]int{}, weeks: map[feedback.WeekNumber]int{},
		}
		x.values[property][key] = v
	}
	return v
}

func (v *valueChange) count(pos uint32, spelling string, by int) {
	v.spellings[spelling] += by
	if by > 0 {
		v.came.Add(pos)
	} else {
		v.gone.Add(pos)
	}
}

// changes reports whether a value has other records than before, or spells them otherwise.
func (v *valueChange) changes() bool {
	for _, by := range v.spellings {
		if by != 0 {
			return true
		}
	}
	return !v.came.Equals(v.gone)
}

// changes reports whether a value of a property does.
func (x *valueChanges) changes(property string) bool {
	for _, v := range x.values[property] {
		if !v.came.Equals(v.gone) {
			return true
		}
	}
	return false
}

// change is what an amendment does to what follows from the records.
type change struct {
	valueChanges
	records map[uint32]*touched // by position
}

// touched is a position whose record goes, comes, or is another than before.
type touched struct{ was, is *outline }

// outline is what a record is sorted by and what the response times have of it.
type outline struct {
	keys  sortKeys
	times timesKey
	hours [len(feedback.Durations)]float64
}

// readChange reads the rows of the touched records.
func (d *Draft) readChange(ctx context.Context) (*change, error) {
	const (
		went = `(SELECT touched.was AS pos, parent_row.* FROM main.touched
			JOIN main.parent_row USING (id))`
		came = `(SELECT pos, row.* FROM main.touched JOIN main.row ON row.rowid = staged)`
	)
	c := &change{newValueChanges(), map[uint32]*touched{}}
	err := d.addChanges(ctx, c, went, -1)
	if err == nil {
		err = d.addChanges(ctx, c, came, 1)
	}
	return c, err
}

func (d *Draft) addChanges(ctx context.Context, c *change, from string, by int) error {
	rows, err := d.query(ctx, `SELECT `+stagedColumns+` FROM `+from+` ORDER BY pos`)
	if err != nil {
		return err
	}
	defer rows.Close()
	row := newStagedRow()
	for rows.Next() {
		if err := row.scan(rows); err != nil {
			return err
		}
		c.add(row, by)
	}
	return rows.Err()
}

func (c *change) add(row *stagedRow, by int) {
	f := row.feedback
	c.count(row.pos, f, by)
	at := c.records[row.pos]
	if at == nil {
		at = new(touched)
		c.records[row.pos] = at
	}
	o := &outline{sortKeysOf(f), timesKeyOf(f), f.Hours}
	if by < 0 {
		at.was = o
	} else {
		at.is = o
	}
}
