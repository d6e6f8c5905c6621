package config

import (
	"errors"
	"strings"
)

// Host is one of the programs that the environment configures. Each reads its part of the table.
type Host string

// The hosts.
const (
	Server  Host = "server"
	API     Host = "api"     // the function behind the HTTP API
	Refresh Host = "refresh" // the function that refreshes
	Watch   Host = "watch"   // the same program as a function that watches
)

// Function is the part of a Config that only the deployed functions have.
type Function struct {
	Mode string // Refresh and Watch: of an event that names none

	// API and Watch: the names or ARNs of the functions that do a refresh.
	Full, Incremental string
}

// WatchMode is the REFRESH_MODE of the function that watches, whose host is Watch.
const WatchMode = "watch"

// LoadFunction reads the configuration of a deployed function, API, Refresh or Watch, as [Load]
// does for the server. NAME_PARAMETER may give a secret as the name of an SSM parameter; the
// secret is then empty in the Config: see [Parameters].
func LoadFunction(host Host, environ []string) (Config, error) {
	l := parse(host, environ)
	if host != API {
		l.require("REFRESH_MODE")
	}
	if host != Refresh {
		l.require("REFRESH_FULL_FUNCTION")
		l.require("REFRESH_INCREMENTAL_FUNCTION")
	}
	l.require("SNAPSHOT_STORE")
	if l.store.Dir != "" {
		l.problems.add("SNAPSHOT_STORE", errors.New("must be s3://bucket/prefix: "+
			"the directories of a function do not outlive it"))
	}
	return l.config()
}

// Parameter is a variable whose value is in SSM.
type Parameter struct {
	Variable string // such as AIRTABLE_API_KEY
	Name     string // of the SSM parameter
}

// Source returns the variable that names the SSM parameter.
func (p Parameter) Source() string { return p.Variable + parameterSuffix }

const parameterSuffix = "_PARAMETER"

// Parameters returns the secrets of a function that are in SSM, in the order of the table. The
// caller reads them, sets Variable to the value, unsets Source, and calls LoadFunction, which
// checks the value.
func Parameters(host Host, environ []string) []Parameter {
	l := parse(host, environ)
	var parameters []Parameter
	for _, v := range table {
		variable, ok := strings.CutSuffix(v.Name, parameterSuffix)
		if ok && l.set[v.Name] != "" && l.uses(v) && !l.problems.with(v.Name) {
			parameters = append(parameters, Parameter{Variable: variable, Name: l.set[v.Name]})
		}
	}
	return parameters
}
