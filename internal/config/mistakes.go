package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// mistakes are what is wrong with an environment, each under one variable.
type mistakes []mistake

type mistake struct {
	variable string
	problem  error
}

func (m *mistakes) add(variable string, problem error) {
	*m = append(*m, mistake{variable, problem})
}

// addEach adds the errors that [errors.Join] has joined, one mistake each; none if problems is nil.
func (m *mistakes) addEach(variable string, problems error) {
	if problems == nil {
		return
	}
	joined, ok := errors.AsType[interface {
		error
		Unwrap() []error
	}](problems)
	if !ok {
		m.add(variable, problems)
		return
	}
	for _, problem := range joined.Unwrap() {
		m.add(variable, problem)
	}
}

// about says whether one of the variables has a mistake.
func (m mistakes) about(variables ...string) bool {
	return slices.ContainsFunc(m, func(one mistake) bool { return slices.Contains(variables, one.variable) })
}

// keep forgets the mistakes of all other variables.
func (m *mistakes) keep(variables ...string) {
	*m = slices.DeleteFunc(*m, func(one mistake) bool { return !slices.Contains(variables, one.variable) })
}

// err joins the mistakes in the order of the table; nil if there is none.
func (m mistakes) err() error {
	row := map[string]int{}
	for i, v := range Variables() {
		row[v.Name] = i
	}
	slices.SortStableFunc(m, func(a, b mistake) int { return cmp.Compare(row[a.variable], row[b.variable]) })
	var lines []error
	for _, one := range m {
		lines = append(lines, fmt.Errorf("%s: %w", one.variable, one.problem))
	}
	return errors.Join(lines...)
}
