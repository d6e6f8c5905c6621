package config

import (
	"cmp"
	"errors"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"

	"voc/internal/feedback"
)

// table is the table of variables, in the contract's order. A blank field is a variable that the server does not use, or not yet.
// A default that depends on something else is told in the tag default and worked out in rules.go.
type table struct {
	APIKey       Secret         `env:"AIRTABLE_API_KEY" about:"personal access token"`
	_            string         `env:"AIRTABLE_API_KEY_PARAMETER" about:"SSM SecureString with the token; deployed functions only"`
	BaseID       baseID         `env:"AIRTABLE_BASE_ID" about:"id of the base, app…"`
	TableName    string         `env:"AIRTABLE_TABLE_NAME" envDefault:"Lead Bugs" about:"name of the table, or its id, tbl…"`
	APIURL       apiURL         `env:"AIRTABLE_API_URL" envDefault:"https://api.airtable.com" about:"where the Airtable Web API is; plain http only on this machine"`
	Years        feedback.Years `env:"FEEDBACK_YEARS" envDefault:"2025-" about:"years (UTC) that are kept: 2025, 2024-2025, 2025- or all"`
	FieldMap     string         `env:"FIELD_MAP" envDefault:"{}" about:"JSON, key to Airtable field or list of fields, over the defaults"`
	TeamMap      string         `env:"TEAM_MAP" envDefault:"{}" about:"JSON, area to team"`
	MonthlyCalls calls          `env:"AIRTABLE_MONTHLY_CALLS" envDefault:"0" about:"calls to Airtable that may be made in a UTC month; 0: no cap"`
	Store        Store          `env:"SNAPSHOT_STORE" default:"server: ./data/<base id>" about:"s3://bucket/prefix or file:///directory, of one base and table"`
	Keep         count          `env:"SNAPSHOT_KEEP" envDefault:"30" about:"how many snapshots stay for rollback"`
	MaxShrink    percent        `env:"MAX_SHRINK_PERCENT" envDefault:"20" about:"a refresh that would drop more than this share of records is refused"`
	ReadAccess   ReadAccess     `env:"READ_ACCESS" default:"token deployed, public for the server on loopback" about:"who may read: public, or token"`
	ReadTokens   []Secret       `env:"READ_TOKENS" about:"comma-separated bearer tokens that may read"`
	_            string         `env:"READ_TOKENS_PARAMETER" about:"SSM SecureString with them; deployed functions only"`
	AdminTokens  []Secret       `env:"ADMIN_TOKENS" about:"comma-separated bearer tokens that may start refreshes"`
	_            string         `env:"ADMIN_TOKENS_PARAMETER" about:"SSM SecureString with them; deployed functions only"`
	Origins      origins        `env:"CORS_ORIGINS" about:"comma-separated origins of pages that may read, exact or https://*.example.com"`
	_            string         `env:"DASHBOARD_USERS" about:"JSON, email to name, role and password_hash (bcrypt), for the dashboard's sign-in"`
	_            string         `env:"DASHBOARD_USERS_PARAMETER" about:"SSM SecureString with it; deployed functions only"`
	_            string         `env:"NOTIFY_WEBHOOK_URL" about:"Slack-compatible webhook for failed and recovered"`
	_            string         `env:"NOTIFY_WEBHOOK_URL_PARAMETER" about:"SSM SecureString with it; deployed functions only"`
	Full         string         `env:"SCHEDULE_FULL" envDefault:"cron(59 23 ? * SUN *)" about:"when a full refresh is due, EventBridge cron"`
	Incremental  string         `env:"SCHEDULE_INCREMENTAL" envDefault:"cron(0 9-21 ? * MON-FRI *)" about:"when an incremental refresh is due"`
	Sweep        string         `env:"SCHEDULE_SWEEP" envDefault:"cron(30 6 ? * MON-FRI *)" about:"when deleted records and computed values are looked for, or off"`
	Zone         string         `env:"SCHEDULE_TIMEZONE" envDefault:"America/New_York" about:"time zone of the schedules, IANA name"`
	Schedule     onOff          `env:"SCHEDULE" envDefault:"on" about:"off stops the server's own scheduler"`
	_            string         `env:"REFRESH_MODE" default:"set by the template" about:"refresh function: mode of an event that names none"`
	_            string         `env:"REFRESH_FULL_FUNCTION" default:"set by the template" about:"API function: what the POST of a full invokes"`
	_            string         `env:"REFRESH_INCREMENTAL_FUNCTION" default:"set by the template" about:"API function: what the POST of an incremental invokes"`
	DebugRefresh trueFalse      `env:"DEBUG_REFRESH" envDefault:"false" about:"true: one log line a page"`
	Addr         address        `env:"ADDR" envDefault:"127.0.0.1:8080" about:"server: listen address"`
	SimData      simData        `env:"AIRTABLE_SIM_DATA" about:"emulator: serves this .jsonl or .jsonl.gz, one Airtable record a line, instead of its sample base"`
	SimAddr      address        `env:"AIRTABLE_SIM_ADDR" envDefault:"127.0.0.1:0" about:"emulator: listen address"`
	S3Endpoint   endpoint       `env:"AWS_ENDPOINT_URL_S3" about:"the AWS SDK's own: URL of an S3-compatible store (MinIO, R2, versitygw), addressed path-style"`
}

// Variable is a row of the table.
type Variable struct {
	Name    string
	Meaning string
	Default string // the value, words where it depends, "" for none
	Used    bool   // by this program; setting another one draws a warning or a mistake
}

// Variables returns the table in the contract's order.
func Variables() []Variable {
	var rows []Variable
	for field := range reflect.TypeFor[table]().Fields() {
		tag := field.Tag
		rows = append(rows, Variable{tag.Get("env"), tag.Get("about"), cmp.Or(tag.Get("envDefault"), tag.Get("default")), field.Name != "_"})
	}
	return rows
}

// reading is an environment that has been read, and what was found wrong with it so far.
type reading struct {
	table
	given map[string]string // the variables of the table that are set, trimmed
	wrong mistakes
}

// read finds the mistakes of single values. What is wrong keeps its zero value.
func read(environ []string) *reading {
	r := &reading{given: map[string]string{}}
	all := env.ToMap(environ)
	for _, v := range Variables() {
		if value := all[v.Name]; value != "" {
			r.given[v.Name] = strings.TrimSpace(value)
		}
		if all[v.Name] != "" && r.given[v.Name] == "" {
			r.wrong.add(v.Name, errors.New("holds nothing but space: unset it or give it a value"))
		}
	}
	err := env.ParseWithOptions(&r.table, env.Options{Environment: r.given, FuncMap: parsers})
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
