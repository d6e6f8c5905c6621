package config

import (
	"cmp"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"

	"voc/internal/access"
	"voc/internal/feedback"
)

// table is the table of variables, in the contract's order, each for the hosts that read it. A blank field is a variable that nothing reads yet.
// A default that depends on something else is told in the tag default and worked out in rules.go.
type table struct {
	APIKey               access.Secret   `env:"AIRTABLE_API_KEY" for:"server refresh" about:"personal access token"`
	APIKeyParameter      parameterName   `env:"AIRTABLE_API_KEY_PARAMETER" for:"refresh" about:"functions: name of the SSM SecureString that holds it"`
	BaseID               baseID          `env:"AIRTABLE_BASE_ID" for:"server api refresh" about:"id of the base, app…"`
	TableName            string          `env:"AIRTABLE_TABLE_NAME" for:"server api refresh" envDefault:"Lead Bugs" about:"name of the table, or its id, tbl…"`
	APIURL               apiURL          `env:"AIRTABLE_API_URL" for:"server refresh" envDefault:"https://api.airtable.com" about:"where the Airtable Web API is; plain http only on this machine"`
	Years                feedback.Years  `env:"FEEDBACK_YEARS" for:"server refresh" envDefault:"2025-" about:"years (UTC) that are kept: 2025, 2024-2025, 2025- or all"`
	FieldMap             string          `env:"FIELD_MAP" for:"server refresh" envDefault:"{}" about:"JSON, key to Airtable field or list of fields, over the defaults"`
	TeamMap              string          `env:"TEAM_MAP" for:"server refresh" envDefault:"{}" about:"JSON, area to team"`
	MonthlyCalls         calls           `env:"AIRTABLE_MONTHLY_CALLS" for:"server api refresh" envDefault:"0" about:"calls to Airtable that may be made in a UTC month; 0: no cap"`
	Store                Store           `env:"SNAPSHOT_STORE" for:"server api refresh" default:"server: ./data/<base id>" about:"s3://bucket/prefix or file:///directory, of one base and table"`
	Keep                 count           `env:"SNAPSHOT_KEEP" for:"server refresh" envDefault:"30" about:"how many snapshots stay for rollback"`
	MaxShrink            percent         `env:"MAX_SHRINK_PERCENT" for:"server refresh" envDefault:"20" about:"a refresh that would drop more than this share of records is refused"`
	ReadAccess           access.Reads    `env:"READ_ACCESS" for:"server api" default:"token deployed, public for the server on loopback" about:"who may read: public, token, or jwt (only behind API Gateway, which checks it)"`
	ReadTokens           []access.Secret `env:"READ_TOKENS" for:"server api" about:"comma-separated bearer tokens that may read"`
	ReadTokensParameter  parameterName   `env:"READ_TOKENS_PARAMETER" for:"api" about:"functions: name of the SSM SecureString that holds them"`
	AdminTokens          []access.Secret `env:"ADMIN_TOKENS" for:"server api" about:"comma-separated bearer tokens that may start refreshes"`
	AdminTokensParameter parameterName   `env:"ADMIN_TOKENS_PARAMETER" for:"api" about:"functions: name of the SSM SecureString that holds them"`
	Origins              access.Origins  `env:"CORS_ORIGINS" for:"server api" about:"comma-separated origins of pages that may read, exact or https://*.example.com"`
	Users                string          `env:"DASHBOARD_USERS" for:"server api" about:"JSON, email to name, role and password_hash (bcrypt), for the dashboard's sign-in"`
	UsersParameter       parameterName   `env:"DASHBOARD_USERS_PARAMETER" for:"api" about:"functions: name of the SSM SecureString that holds it"`
	_                    string          `env:"NOTIFY_WEBHOOK_URL" for:"server refresh" about:"Slack-compatible webhook for failed and recovered"`
	_                    string          `env:"NOTIFY_WEBHOOK_URL_PARAMETER" for:"refresh" about:"SSM SecureString with it"`
	Full                 string          `env:"SCHEDULE_FULL" for:"server api refresh" envDefault:"cron(59 23 ? * SUN *)" about:"when a full refresh is due, EventBridge cron"`
	Incremental          string          `env:"SCHEDULE_INCREMENTAL" for:"server api refresh" envDefault:"cron(0 9-21 ? * MON-FRI *)" about:"when an incremental refresh is due"`
	Sweep                string          `env:"SCHEDULE_SWEEP" for:"server api refresh" envDefault:"cron(30 6 ? * MON-FRI *)" about:"when deleted records and computed values are looked for, or off"`
	Zone                 string          `env:"SCHEDULE_TIMEZONE" for:"server api refresh" envDefault:"America/New_York" about:"time zone of the schedules, IANA name"`
	Schedule             onOff           `env:"SCHEDULE" for:"server" envDefault:"on" about:"off stops the server's own scheduler"`
	RefreshMode          mode            `env:"REFRESH_MODE" for:"refresh" default:"set by the template" about:"refresh function: mode of an event that names none"`
	FullFunction         functionName    `env:"REFRESH_FULL_FUNCTION" for:"api" default:"set by the template" about:"API function: what the POST of a full, or of a sweep, invokes"`
	IncrementalFunction  functionName    `env:"REFRESH_INCREMENTAL_FUNCTION" for:"api" default:"set by the template" about:"API function: what the POST of an incremental, or of a rollback, invokes"`
	DebugRefresh         trueFalse       `env:"DEBUG_REFRESH" for:"server refresh" envDefault:"false" about:"true: one log line a page"`
	Addr                 address         `env:"ADDR" for:"server" envDefault:"127.0.0.1:8080" about:"server: listen address"`
	SimData              simData         `env:"AIRTABLE_SIM_DATA" for:"server" about:"emulator: serves this .jsonl or .jsonl.gz, one Airtable record a line, instead of its sample base"`
	SimAddr              address         `env:"AIRTABLE_SIM_ADDR" for:"server" envDefault:"127.0.0.1:0" about:"emulator: listen address"`
	S3Endpoint           endpoint        `env:"AWS_ENDPOINT_URL_S3" for:"server api refresh" about:"the AWS SDK's own: URL of an S3-compatible store (MinIO, R2, versitygw), addressed path-style"`
}

// Variable is a row of the table.
type Variable struct {
	Name    string
	Meaning string
	Default string // the value, words where it depends, "" for none
	Hosts   []Host // that read it; elsewhere, setting it draws a warning or a mistake
}

// Variables returns the table in the contract's order.
func Variables() []Variable {
	var rows []Variable
	for field := range reflect.TypeFor[table]().Fields() {
		rows = append(rows, describe(field))
	}
	return rows
}

func describe(field reflect.StructField) Variable {
	tag := field.Tag
	v := Variable{Name: tag.Get("env"), Meaning: tag.Get("about"), Default: cmp.Or(tag.Get("envDefault"), tag.Get("default"))}
	if field.Name == "_" {
		return v
	}
	for host := range strings.FieldsSeq(tag.Get("for")) {
		v.Hosts = append(v.Hosts, Host(host))
	}
	return v
}

// reading is an environment that has been read for a host, and what was found wrong with it so far.
type reading struct {
	table
	host  Host
	given map[string]string // the variables of the table that are set, trimmed
	local bool              // `sam local` runs the function
	wrong mistakes
}

// read finds the mistakes of single values. What is wrong keeps its zero value, and what the host does not read its default.
func read(host Host, environ []string) *reading {
	all := env.ToMap(environ)
	r := &reading{host: host, given: map[string]string{}, local: all["AWS_SAM_LOCAL"] == "true"}
	used := map[string]string{}
	for _, v := range Variables() {
		value := strings.TrimSpace(all[v.Name])
		if value != "" {
			r.given[v.Name] = value
		}
		if !slices.Contains(v.Hosts, host) {
			continue
		}
		used[v.Name] = value
		if value == "" && all[v.Name] != "" {
			r.wrong.add(v.Name, errors.New("holds nothing but space: unset it or give it a value"))
		}
	}
	maps.DeleteFunc(used, func(_, value string) bool { return value == "" })
	err := env.ParseWithOptions(&r.table, env.Options{Environment: used, FuncMap: parsers})
	var found env.AggregateError
	errors.As(err, &found)
	for _, err := range found.Errors {
		var p env.ParseError
		errors.As(err, &p)
		field, _ := reflect.TypeFor[table]().FieldByName(p.Name)
		r.wrong.add(field.Tag.Get("env"), p.Err)
	}
	return r
}

func (r *reading) has(variable string) bool { return r.given[variable] != "" }
