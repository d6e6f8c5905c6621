package config

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"voc/internal/access"
	"voc/internal/feedback"
)

// loader holds an environment that is loaded for one host, and the problems found so far.
type loader struct {
	values
	host     Host
	set      map[string]string // the variables of the table that are set, trimmed
	realSet  []string          // those of realBase that are set
	emulator bool              // the server starts the emulator
	samLocal bool              // `sam local` runs the function
	problems problems

	nearMisses []NearMiss
	weakTokens problems // where they are no more than a warning
}

// realBase are the variables that name a real base or its store. The emulator starts only if
// none is set.
var realBase = []string{
	"AIRTABLE_API_KEY", "AIRTABLE_API_KEY_PARAMETER", "AIRTABLE_BASE_ID", "AIRTABLE_API_URL",
	"SNAPSHOT_STORE",
}

// parse parses the variables one by one. A rejected value leaves its field zero; a variable that
// the host does not read has its default.
func parse(host Host, environ []string) *loader {
	all := namedValues(environ)
	l := &loader{host: host, set: map[string]string{}, samLocal: all["AWS_SAM_LOCAL"] == "true"}
	fields := l.fields()
	for _, v := range table {
		value := l.read(v, all[v.Name])
		if !l.uses(v) {
			value = ""
		}
		if value == "" && !v.Computed {
			value = v.Default
		}
		if value == "" || v.Hosts == nil || l.problems.with(v.Name) {
			continue
		}
		if err := fields[v.Name].parse(value); err != nil {
			l.problems.add(v.Name, err)
		}
	}
	l.emulator = host == Server && len(l.realSet) == 0
	l.nearMisses = l.findNearMisses(all)
	l.readForeign(all)
	return l
}

// namedValues returns the values of an environment by name. An entry whose name has blanks around
// it counts as the variable if that is not set.
func namedValues(environ []string) map[string]string {
	all := map[string]string{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		all[name] = value
	}
	for written, value := range maps.Clone(all) {
		name := nameOf(written)
		if _, set := all[name]; name != written && !set {
			all[name] = value
			delete(all, written)
		}
	}
	return all
}

// read returns the value of a variable as it is meant, and notes that the variable is set.
func (l *loader) read(v Variable, written string) string {
	value, err := unquote(trim(written))
	if v.Name == "AIRTABLE_TABLE_NAME" {
		err = nil // a name may end with an apostrophe
	}
	if value == "" {
		if l.uses(v) && trim(written) == "" && written != "" {
			l.problems.add(v.Name, errors.New("holds only space: unset it or give it a value"))
		}
		return ""
	}
	l.set[v.Name] = value
	if slices.Contains(realBase, v.Name) {
		l.realSet = append(l.realSet, v.Name)
	}
	if err != nil && l.uses(v) {
		l.problems.add(v.Name, err)
	}
	return value
}

// readForeign reads the variables that platforms, proxies and the AWS SDK define.
func (l *loader) readForeign(all map[string]string) {
	l.checkProxies(all)
	if all["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] != "true" && l.set["AWS_ENDPOINT_URL_S3"] == "" {
		l.awsEndpoint = all["AWS_ENDPOINT_URL"]
	}
	port := trim(all["PORT"])
	if l.host != Server || port == "" || l.set["ADDR"] != "" || l.emulator {
		return
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		l.problems.add("PORT", fmt.Errorf(
			"must be the number of a port, not %q: correct it, or set ADDR", port))
		return
	}
	l.addr = net.JoinHostPort("0.0.0.0", port)
}

func (l *loader) uses(v Variable) bool { return slices.Contains(v.Hosts, l.host) }

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
	privateFields        string
	adminTokens          []access.Secret
	adminTokensParameter string
	proxies              access.Proxies
	origins              access.Origins
	users                string
	usersParameter       string
	webhook              access.Secret
	webhookParameter     string
	heartbeat            access.Secret
	heartbeatParameter   string
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
	awsEndpoint          string // AWS_ENDPOINT_URL, of all services
}

// fields returns where the value of each variable goes, and what parses it.
func (v *values) fields() map[string]field {
	return map[string]field{
		"AIRTABLE_API_KEY":             into(&v.apiKey, access.ParseToken),
		"AIRTABLE_API_KEY_PARAMETER":   text{&v.apiKeyParameter, parameterName},
		"AIRTABLE_BASE_ID":             text{&v.baseID, baseID},
		"AIRTABLE_TABLE_NAME":          text{&v.tableName, anyText},
		"AIRTABLE_API_URL":             into(&v.apiURL, parseAirtableURL),
		"FEEDBACK_YEARS":               into(&v.years, feedback.ParseYears),
		"FIELD_MAP":                    text{&v.fieldMap, anyText},
		"TEAM_MAP":                     text{&v.teamMap, anyText},
		"AIRTABLE_MONTHLY_CALLS":       number{&v.monthlyCalls, calls},
		"SNAPSHOT_STORE":               into(&v.store, parseStore),
		"SNAPSHOT_KEEP":                number{&v.keep, count},
		"MAX_SHRINK_PERCENT":           number{&v.maxShrink, percent},
		"READ_ACCESS":                  into(&v.reads, access.ParseReads),
		"READ_TOKENS":                  into(&v.readTokens, access.ParseTokens),
		"READ_TOKENS_PARAMETER":        text{&v.readTokensParameter, parameterName},
		"PRIVATE_FIELDS":               text{&v.privateFields, anyText},
		"ADMIN_TOKENS":                 into(&v.adminTokens, access.ParseTokens),
		"ADMIN_TOKENS_PARAMETER":       text{&v.adminTokensParameter, parameterName},
		"TRUSTED_PROXIES":              into(&v.proxies, access.ParseProxies),
		"CORS_ORIGINS":                 into(&v.origins, access.ParseOrigins),
		"DASHBOARD_USERS":              text{&v.users, anyText},
		"DASHBOARD_USERS_PARAMETER":    text{&v.usersParameter, parameterName},
		"NOTIFY_WEBHOOK_URL":           into(&v.webhook, parseSecretURL),
		"NOTIFY_WEBHOOK_URL_PARAMETER": text{&v.webhookParameter, parameterName},
		"HEARTBEAT_URL":                into(&v.heartbeat, parseSecretURL),
		"HEARTBEAT_URL_PARAMETER":      text{&v.heartbeatParameter, parameterName},
		"SCHEDULE_FULL":                text{&v.full, anyText},
		"SCHEDULE_INCREMENTAL":         text{&v.incremental, anyText},
		"SCHEDULE_SWEEP":               text{&v.sweep, anyText},
		"SCHEDULE_TIMEZONE":            text{&v.zone, anyText},
		"SCHEDULE":                     flag{&v.schedule, "on", "off"},
		"REFRESH_MODE":                 text{&v.refreshMode, refreshMode},
		"REFRESH_FULL_FUNCTION":        text{&v.fullFunction, functionName},
		"REFRESH_INCREMENTAL_FUNCTION": text{&v.incrementalFunction, functionName},
		"DEBUG_REFRESH":                flag{&v.debugRefresh, "true", "false"},
		"ADDR":                         into(&v.addr, parseAddress),
		"AIRTABLE_SIM_DATA":            text{&v.simData, simData},
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
