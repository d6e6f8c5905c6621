package build

import (
	"github.com/RoaringBitmap/roaring/v2"

	"voc/internal/feedback"
)

// index collects what is derived from rows in Go: for a full seal from all of them, for an
// amendment from those that went and those that came. For a full seal it holds about 40 bytes a
// record and the distinct values.
type index struct {
	values  map[string]map[string]*value // property → folded value
	weeks   map[feedback.WeekNumber]int  // records that came minus those that went
	times   map[timesKey]feedback.Times  // only for a full seal
	columns map[string]*column           // by sort key; only for a full seal
}

// value is how a value of a property changes: the records that came and those that went, and, as
// differences, how many records have each spelling, and how many were created in each week.
type value struct {
	came, gone *roaring.Bitmap
	spellings  map[string]int
	weeks      map[feedback.WeekNumber]int
}

func newIndex() *index {
	x := &index{
		values:  map[string]map[string]*value{},
		weeks:   map[feedback.WeekNumber]int{},
		times:   map[timesKey]feedback.Times{},
		columns: map[string]*column{},
	}
	for _, key := range rankedKeys {
		x.columns[key] = &column{indexes: map[string]int{}, isText: key == feedback.AreaImpacted}
	}
	return x
}

// add indexes the record that is served next.
func (x *index) add(row *stagedRow) {
	f := row.feedback
	x.count(row.pos, f, 1)
	for i, key := range rankedKeys {
		x.columns[key].add(sortKeysOf(f)[i])
	}
	key := timesKeyOf(f)
	times := timesOf(f.Hours)
	times.Add(x.times[key])
	x.times[key] = times
}

// count counts a record that came, by 1, or went, by -1.
func (x *index) count(pos uint32, f feedback.Feedback, by int) {
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

func (x *index) value(property, key string) *value {
	if x.values[property] == nil {
		x.values[property] = map[string]*value{}
	}
	v := x.values[property][key]
	if v == nil {
		v = &value{
			came: roaring.New(), gone: roaring.New(),
			spellings: map[string]int{}, weeks: map[feedback.WeekNumber]int{},
		}
		x.values[property][key] = v
	}
	return v
}

func (v *value) count(pos uint32, spelling string, by int) {
	v.spellings[spelling] += by
	if by > 0 {
		v.came.Add(pos)
	} else {
		v.gone.Add(pos)
	}
}

// changes reports whether a value has other records than before, or spells them otherwise.
func (v *value) changes() bool {
	for _, by := range v.spellings {
		if by != 0 {
			return true
		}
	}
	return !v.came.Equals(v.gone)
}

// changes reports whether a value of a property does.
func (x *index) changes(property string) bool {
	for _, v := range x.values[property] {
		if !v.came.Equals(v.gone) {
			return true
		}
	}
	return false
}
