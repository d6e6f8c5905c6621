package config

import (
	"errors"
	"slices"
	"strings"

	"voc/internal/access"
	"voc/internal/feedback"
)

// loader holds an environment that is loaded for one host, and the problems found so far.
type loader struct {
	values
	host     Host
	set      map[string]string // the variables of the table that are set, trimmed
	samLocal bool              // `sam local` runs the function
	problems problems
}

// parse parses the variables one by one. A rejected value leaves its field zero; a variable that
// the host does not read has its default.
func parse(host Host, environ []string) *loader {
	all := map[string]string{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		all[name] = value
	}
	l := &loader{host: host, set: map[string]string{}, samLocal: all["AWS_SAM_LOCAL"] == "true"}
	fields := l.fields()
	for _, v := range table {
		value := strings.TrimSpace(all[v.Name])
		if value != "" {
			l.set[v.Name] = value
		}
		if !l.uses(v) {
			value = ""
		} else if value == "" && all[v.Name] != "" {
			l.problems.add(v.Name, errors.New("holds only space: unset it or give it a value"))
		}
		if value == "" && !v.Computed {
			value = v.Default
		}
		if value == "" || v.Hosts == nil {
			continue
		}
		if err := fields[v.Name].parse(value); err != nil {
			l.problems.add(v.Name, err)
		}
	}
	return l
}

func (l *loader) uses(v Variable) bool { return slices.Contains(v.Hosts, l.host) }

func (l *loader) isSet(variable string) bool { return l.set[variable] != "" }

// setOf returns those of the variables that are set.
func (l *loader) setOf(variables []string) []string {
	var set []string
	for _, variable := range variables {
		if l.isSet(variable) {
			set = append(set, variable)
		}
	}
	return set
}

// values holds the value of each variable: its default if it is not set, or zero if the default
// is computed.
type values struct {
	apiKey               access.Secret
	apiKeyParameter      string
	baseID               string
	tableName            string
	apiURL               string
	years                feedback.Years
	fieldMap             string
	teamMap              string
	monthlyCalls         int
	store                Store
	keep                 int
	maxShrink            int
	reads                access.Reads
	readTokens           []access.Secret
	readTokensParameter  string
	adminTokens          []access.Secret
	adminTokensParameter string
	origins              access.Origins
	users                string
	usersParameter       string
	full                 string
	incremental          string
	sweep                string
	zone                 string
	schedule             bool
	refreshMode          string
	fullFunction         string
	incrementalFunction  string
	debugRefresh         bool
	addr                 string
	simData              string
	simAddr              string
	s3Endpoint           string
}

// fields returns where the value of each variable goes, and what parses it.
func (v *values) fields() map[string]field {
	return map[string]field{
		"AIRTABLE_API_KEY":             into(&v.apiKey, access.ParseToken),
		"AIRTABLE_API_KEY_PARAMETER":   into(&v.apiKeyParameter, parseParameterName),
		"AIRTABLE_BASE_ID":             into(&v.baseID, parseBaseID),
		"AIRTABLE_TABLE_NAME":          into(&v.tableName, parseText),
		"AIRTABLE_API_URL":             into(&v.apiURL, parseAPIURL),
		"FEEDBACK_YEARS":               into(&v.years, feedback.ParseYears),
		"FIELD_MAP":                    into(&v.fieldMap, parseText),
		"TEAM_MAP":                     into(&v.teamMap, parseText),
		"AIRTABLE_MONTHLY_CALLS":       into(&v.monthlyCalls, parseCalls),
		"SNAPSHOT_STORE":               into(&v.store, parseStore),
		"SNAPSHOT_KEEP":                into(&v.keep, parseCount),
		"MAX_SHRINK_PERCENT":           into(&v.maxShrink, parsePercent),
		"READ_ACCESS":                  into(&v.reads, access.ParseReads),
		"READ_TOKENS":                  into(&v.readTokens, access.ParseTokens),
		"READ_TOKENS_PARAMETER":        into(&v.readTokensParameter, parseParameterName),
		"ADMIN_TOKENS":                 into(&v.adminTokens, access.ParseTokens),
		"ADMIN_TOKENS_PARAMETER":       into(&v.adminTokensParameter, parseParameterName),
		"CORS_ORIGINS":                 into(&v.origins, access.ParseOrigins),
		"DASHBOARD_USERS":              into(&v.users, parseText),
		"DASHBOARD_USERS_PARAMETER":    into(&v.usersParameter, parseParameterName),
		"SCHEDULE_FULL":                into(&v.full, parseText),
		"SCHEDULE_INCREMENTAL":         into(&v.incremental, parseText),
		"SCHEDULE_SWEEP":               into(&v.sweep, parseText),
		"SCHEDULE_TIMEZONE":            into(&v.zone, parseText),
		"SCHEDULE":                     into(&v.schedule, parseOnOff),
		"REFRESH_MODE":                 into(&v.refreshMode, parseMode),
		"REFRESH_FULL_FUNCTION":        into(&v.fullFunction, parseFunctionName),
		"REFRESH_INCREMENTAL_FUNCTION": into(&v.incrementalFunction, parseFunctionName),
		"DEBUG_REFRESH":                into(&v.debugRefresh, parseTrueFalse),
		"ADDR":                         into(&v.addr, parseAddress),
		"AIRTABLE_SIM_DATA":            into(&v.simData, parseSimData),
		"AIRTABLE_SIM_ADDR":            into(&v.simAddr, parseAddress),
		"AWS_ENDPOINT_URL_S3":          into(&v.s3Endpoint, parseEndpoint),
	}
}

// field parses a value and stores it.
type field interface{ parse(value string) error }

type fieldOf[T any] struct {
	value  *T
	parser func(string) (T, error)
}

func (f fieldOf[T]) parse(value string) (err error) {
	*f.value, err = f.parser(value)
	return err
}

func into[T any](value *T, parser func(string) (T, error)) field {
	return fieldOf[T]{value, parser}
}
