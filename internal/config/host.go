package config

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Host is one of the programs that the environment configures. Each reads its part of the table.
type Host string

// The hosts.
const (
	Server  Host = "server"
	API     Host = "api"     // the function behind the HTTP API
	Refresh Host = "refresh" // the function that refreshes
)

// Function is what only the deployed functions are told.
type Function struct {
	Mode string // Refresh: of an event that names none

	// API: the functions, by name or ARN, that do a refresh.
	Full, Incremental string
}

// LoadFunction reads the configuration of a deployed function, API or Refresh, as [Load] does that of the server. A secret may be given as the name of
// an SSM parameter in NAME_PARAMETER, in which case it stays empty here: see [Parameters].
func LoadFunction(host Host, environ []string) (Config, error) {
	r := read(host, environ)
	if host == Refresh {
		r.require("REFRESH_MODE")
	} else {
		r.require("REFRESH_FULL_FUNCTION")
		r.require("REFRESH_INCREMENTAL_FUNCTION")
	}
	r.require("SNAPSHOT_STORE")
	if r.Store.Dir != "" {
		r.wrong.add("SNAPSHOT_STORE", errors.New("must be s3://bucket/prefix: a function has no directory that outlives it"))
	}
	return r.config()
}

// Parameter is a variable whose value SSM keeps.
type Parameter struct {
	Variable string // such as AIRTABLE_API_KEY
	Name     string // of the SSM parameter
}

// Source is the variable that names the SSM parameter.
func (p Parameter) Source() string { return p.Variable + parameter }

// Parameters lists the secrets that a function finds in SSM, in the order of the table. What SSM holds takes the place of the name: the variable is added to
// the environment, its Source taken out, and LoadFunction finds whatever is wrong with it.
func Parameters(host Host, environ []string) []Parameter {
	r := read(host, environ)
	var named []Parameter
	for _, v := range Variables() {
		variable, ok := strings.CutSuffix(v.Name, parameter)
		if ok && r.has(v.Name) && r.reads(v) && !r.wrong.about(v.Name) {
			named = append(named, Parameter{Variable: variable, Name: r.given[v.Name]})
		}
	}
	return named
}

const parameter = "_PARAMETER"

type (
	parameterName string
	mode          string
	functionName  string
)

var (
	parameterPattern = regexp.MustCompile(`^(/[A-Za-z0-9_.-]+)+$`)
	functionPattern  = regexp.MustCompile(`^[A-Za-z0-9_:$-]{1,170}$`) // a name, with a qualifier, or an ARN
)

func parseParameterName(value string) (parameterName, error) {
	if !parameterPattern.MatchString(value) {
		return "", errors.New("must be the full name of an SSM parameter, beginning with a slash, such as /voc/airtable-api-key")
	}
	return parameterName(value), nil
}

// modes are what an event may ask for and a variable may stand for.
var modes = []string{"full", "sweep", "incremental", "check"}

func parseMode(value string) (mode, error) {
	for _, known := range modes {
		if value == known {
			return mode(value), nil
		}
	}
	return "", fmt.Errorf("must be %s, not %q", strings.Join(modes, ", "), value)
}

func parseFunctionName(value string) (functionName, error) {
	if !functionPattern.MatchString(value) {
		return "", errors.New("must be the name or the ARN of a Lambda function")
	}
	return functionName(value), nil
}
