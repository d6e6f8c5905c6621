package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// problems are the errors of an environment, each of one variable.
type problems []problem

type problem struct {
	variable string
	err      error
}

func (p *problems) add(variable string, err error) {
	*p = append(*p, problem{variable, err})
}

// addJoined adds each of the errors that [errors.Join] has joined, and nothing if err is nil.
func (p *problems) addJoined(variable string, err error) {
	if err == nil {
		return
	}
	joined, ok := errors.AsType[interface {
		error
		Unwrap() []error
	}](err)
	if !ok {
		p.add(variable, err)
		return
	}
	for _, err := range joined.Unwrap() {
		p.add(variable, err)
	}
}

// with reports whether any of the variables has a problem.
func (p problems) with(variables ...string) bool {
	return slices.ContainsFunc(p, func(q problem) bool {
		return slices.Contains(variables, q.variable)
	})
}

// Error is the error of an environment with problems. Its text has one line for each, which
// begins with the name of its variable and may repeat the variable's value, unless that is a
// secret.
type Error struct{ problems problems }

// Variables returns the names of the variables that have a problem, in the order of the table.
func (e *Error) Variables() []string {
	var names []string
	for _, q := range e.problems {
		names = append(names, q.variable)
	}
	return slices.Compact(names)
}

func (e *Error) Error() string { return errors.Join(e.Unwrap()...).Error() }

// Unwrap returns the problems.
func (e *Error) Unwrap() []error {
	var lines []error
	for _, q := range e.problems {
		lines = append(lines, fmt.Errorf("%s: %w", q.variable, q.err))
	}
	return lines
}

// err returns the problems as an *Error, sorted in the order of the table. It returns nil if there
// are none.
func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	position := map[string]int{}
	for i, v := range table {
		position[v.Name] = i
	}
	for _, q := range p { // what others define comes last
		if _, known := position[q.variable]; !known {
			position[q.variable] = len(table)
		}
	}
	slices.SortStableFunc(p, func(a, b problem) int {
		return cmp.Compare(position[a.variable], position[b.variable])
	})
	return &Error{p}
}
