package refresh

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Part is what a line of a Report is about.
type Part string

// The parts of a report, in its order.
const (
	PartToken    Part = "token"
	PartBase     Part = "base"
	PartFields   Part = "fields"
	PartYears    Part = "years"
	PartQuota    Part = "quota"
	PartStore    Part = "store"
	PartSchedule Part = "schedule"
	PartReaders  Part = "readers"
)

var parts = []Part{
	PartToken, PartBase, PartFields, PartYears, PartQuota, PartStore, PartSchedule, PartReaders,
}

// Level is what a line of a Report means to an operator.
type Level string

// The levels.
const (
	Fine  Level = "ok"
	Note  Level = "note"  // what an operator may want to know
	Wrong Level = "WRONG" // a refresh would fail, or its data be of no use
)

// Line is one thing that a check found.
type Line struct {
	Part  Part
	Level Level
	Text  string
}

// Report is what a check found.
type Report struct {
	Lines []Line
	// FieldMap is a setting to start from, ready for a shell or an environment file, if the table
	// has fields that are near to what is missing; else "".
	FieldMap string
}

// Add adds a line. Lines are in the order of the parts, whatever the order in which they are added.
func (r *Report) Add(part Part, level Level, format string, args ...any) {
	r.Lines = append(r.Lines, Line{part, level, fmt.Sprintf(format, args...)})
	slices.SortStableFunc(r.Lines, func(a, b Line) int {
		return cmp.Compare(slices.Index(parts, a.Part), slices.Index(parts, b.Part))
	})
}

// Texts returns the lines of a level, each with its part.
func (r Report) Texts(level Level) []string {
	texts := []string{}
	for _, line := range r.Lines {
		if line.Level == level {
			texts = append(texts, string(line.Part)+": "+line.Text)
		}
	}
	return texts
}

// find adds what is wrong for each of joined errors.
func (r *Report) find(part Part, err error) {
	for text := range strings.Lines(withAdvice(err)) {
		r.Add(part, Wrong, "%s", strings.TrimSuffix(text, "\n"))
	}
}
