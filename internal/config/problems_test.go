package config_test

import (
	"slices"
	"strings"
	"testing"

	"voc/internal/config"
)

// variables returns what stands in front of each line of an error.
func variables(err error) []string {
	if err == nil {
		return nil
	}
	var names []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		name, _, _ := strings.Cut(line, ": ")
		names = append(names, name)
	}
	return names
}

func TestLoadErrorNamesVariableAndRemedy(t *testing.T) {
	for variable, wrong := range map[string]map[string]string{ // value → words of the error
		"AIRTABLE_API_KEY": {"pat with space": "no token has", "patä": "no token has",
			" ": "holds only space"},
		"AIRTABLE_API_KEY_PARAMETER": {"/voc/key": "put the value in AIRTABLE_API_KEY"},
		"AIRTABLE_BASE_ID": {"tblX": "app followed by", "app": "app followed by",
			"app../x": "app followed by"},
		"AIRTABLE_TABLE_NAME": {"  ": "holds only space"},
		"AIRTABLE_API_URL": {"api.airtable.com": "must be a URL such as",
			"ftp://x": "must be a URL such as", "https://": "must be a URL such as",
			"https://x/?a=b": "without user, query", "https://x/#": "without user, query",
			"https://u:p@x":           "without user, query",
			"http://api.airtable.com": "in clear text", "http://127.0.0.1.evil.example": "in clear text"},
		"FEEDBACK_YEARS": {"2025-2024": "2024-2025, 2025- or all", "yes": "2024-2025, 2025- or all"},
		"FIELD_MAP": {"[]": "JSON object", `{"state":"x"}`: `no key "state"`,
			`{"status":7}`: "status: must be"},
		"TEAM_MAP": {"{": "JSON object", `{"Login":""}`: `"Login": the team`},
		"SNAPSHOT_STORE": {"./data": "or file:///", "file://data/x": "or file:///",
			"file://u@/x": "or file:///", "file:///": "no directory",
			"file:///a/..": "no directory", "file:///a?b": "or file:///", "/srv/data": "or file:///",
			"s3://": "the name of a bucket has", "s3://B/p": "the name of a bucket has",
			"s3://voc_1/p": "the name of a bucket has", "s3://bucket:1/p": "s3://bucket/prefix",
			"s3://u@bucket/p": "s3://bucket/prefix", "s3://bucket/p?x": "s3://bucket/prefix",
			"s3://bucket/../p": "a prefix has", "s3://bucket/a//b": "a prefix has",
			"s3://bucket/a%20b":                       "a prefix has",
			"s3://bucket/" + strings.Repeat("p", 257): "at most 256 characters"},
		"SNAPSHOT_KEEP": {"0": "at least 1", "-1": "at least 1", "many": `not "many"`,
			"99999999999": "at least 1"},
		"READ_ACCESS": {"jwt": "API Gateway", "open": `not "open"`, "Public": `not "Public"`,
			"token": "no token: set READ_TOKENS or"},
		"READ_TOKENS":            {",": "no token", "a b": "no token has"},
		"READ_TOKENS_PARAMETER":  {"/voc/t": "put the value in READ_TOKENS"},
		"ADMIN_TOKENS":           {", ,": "no token", "a\x00": "no token has"},
		"ADMIN_TOKENS_PARAMETER": {"/voc/t": "put the value in ADMIN_TOKENS"},
		"CORS_ORIGINS": {"*": "entry 1", "https://x, app.example.com": "entry 2", "https://x/": "slash",
			"https://x?":           "origin such as",
			"http://*.example.com": "origin such as", "https://*.com": "origin such as",
			"https://a.*.com": "origin such as",
			"https://u@x":     "origin such as", "null": "origin such as", "https://ä.de": "origin such as",
			"https://x:": "origin such as"},
		"DASHBOARD_USERS": {"[]": "must be JSON",
			`{"ann": {"name": "Ann", "role": "admin", "password_hash": "` + hash + `"}}`: "no email"},
		"DASHBOARD_USERS_PARAMETER": {"/voc/u": "put the value in DASHBOARD_USERS"},
		"SCHEDULE_FULL":             {"rate(1 hour)": "only cron()", "off": "cron(minutes"},
		"SCHEDULE_INCREMENTAL":      {"cron(0 9 * * * *)": "cron(minutes"},
		"SCHEDULE_SWEEP":            {"Off": "cron(minutes"},
		"SCHEDULE_TIMEZONE":         {"New York": "IANA", "Local": "IANA", "../etc/passwd": "IANA"},
		"SCHEDULE":                  {"true": "on or off"},
		"DEBUG_REFRESH":             {"1": "true or false"},
		"ADDR": {"8080": "host:port", "localhost": "host:port",
			"localhost:http": "host:port", "::1:80": "host:port", "x:65536": "host:port"},
		"AIRTABLE_SIM_DATA": {"bugs.csv": ".jsonl.gz"},
		"AIRTABLE_SIM_ADDR": {"127.0.0.1": "host:port"},
		"AWS_ENDPOINT_URL_S3": {"127.0.0.1:9000": "must be a URL", "ftp://x": "must be a URL",
			"http://": "must be a URL", "http://u:p@x": "must be a URL"},
	} {
		for value, words := range wrong {
			t.Run(variable+"="+value, func(t *testing.T) {
				c, err := config.Load(append(slices.Clone(base), variable+"="+value))
				expect(t, "variables", variables(err), []string{variable})
				if err != nil && !strings.Contains(err.Error(), words) {
					t.Errorf("the error does not say %q: %v", words, err)
				}
				expect(t, "address", c.Addr, "")
			})
		}
	}
}

func TestLoadListsEveryErrorInOrder(t *testing.T) {
	_, err := config.Load([]string{
		"DASHBOARD_USERS_PARAMETER=x", "DASHBOARD_USERS=x", "AWS_ENDPOINT_URL_S3=x",
		"AIRTABLE_SIM_ADDR=x", "AIRTABLE_SIM_DATA=x", "ADDR=x", "DEBUG_REFRESH=x", "SCHEDULE=x",
		"SCHEDULE_TIMEZONE=x", "SCHEDULE_SWEEP=x",
		"SCHEDULE_INCREMENTAL=x", "SCHEDULE_FULL=x", "CORS_ORIGINS=x", "ADMIN_TOKENS_PARAMETER=x",
		"ADMIN_TOKENS=,", "READ_TOKENS_PARAMETER=x",
		"READ_TOKENS=,", "READ_ACCESS=x", "SNAPSHOT_KEEP=x", "SNAPSHOT_STORE=x", "TEAM_MAP=x",
		`FIELD_MAP={"x":"y","status":0}`, "FEEDBACK_YEARS=x",
		"AIRTABLE_API_URL=x", "AIRTABLE_TABLE_NAME= ", "AIRTABLE_BASE_ID=x",
		"AIRTABLE_API_KEY_PARAMETER=x", "AIRTABLE_API_KEY=a b",
	})
	expect(t, "variables", variables(err), []string{
		"AIRTABLE_API_KEY", "AIRTABLE_API_KEY_PARAMETER", "AIRTABLE_BASE_ID", "AIRTABLE_TABLE_NAME",
		"AIRTABLE_API_URL",
		"FEEDBACK_YEARS", "FIELD_MAP", "FIELD_MAP", "TEAM_MAP", "SNAPSHOT_STORE", "SNAPSHOT_KEEP",
		"READ_ACCESS",
		"READ_TOKENS", "READ_TOKENS_PARAMETER", "ADMIN_TOKENS", "ADMIN_TOKENS_PARAMETER", "CORS_ORIGINS",
		"DASHBOARD_USERS", "DASHBOARD_USERS_PARAMETER", "SCHEDULE_FULL",
		"SCHEDULE_INCREMENTAL", "SCHEDULE_SWEEP", "SCHEDULE_TIMEZONE", "SCHEDULE", "DEBUG_REFRESH",
		"ADDR", "AIRTABLE_SIM_DATA", "AIRTABLE_SIM_ADDR",
		"AWS_ENDPOINT_URL_S3",
	})
}

func TestLoadOmitsConsequentErrors(t *testing.T) {
	for name, test := range map[string]struct{ environ, want []string }{
		"an unknown address may be on loopback": {append(base, "ADDR=8080"), []string{"ADDR"}},
		"an unknown access may need no token": {append(base, "ADDR=:80", "READ_ACCESS=jwt"),
			[]string{"READ_ACCESS"}},
		"tokens that cannot be read are there": {append(base, "ADDR=:80", "READ_TOKENS=a b"),
			[]string{"READ_TOKENS"}},
		"tokens in SSM are there": {append(base, "ADDR=:80",
			"ADMIN_TOKENS_PARAMETER=/t"), []string{"ADMIN_TOKENS_PARAMETER"}},
		"a key in SSM is there": {[]string{"AIRTABLE_BASE_ID=appX",
			"AIRTABLE_API_KEY_PARAMETER=/k"}, []string{"AIRTABLE_API_KEY_PARAMETER"}},
		"a blank key is there": {[]string{"AIRTABLE_BASE_ID=appX",
			"AIRTABLE_API_KEY= "}, []string{"AIRTABLE_API_KEY"}},
		"schedules are read whatever the zone": {append(base, "SCHEDULE_TIMEZONE=x",
			"SCHEDULE_FULL=cron(0 1 * * ? *)"), []string{"SCHEDULE_TIMEZONE"}},
		"an empty environment but for one bad year": {[]string{"FEEDBACK_YEARS=x"},
			[]string{"FEEDBACK_YEARS"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Load(test.environ)
			expect(t, "variables", variables(err), test.want)
		})
	}
}

func TestLoadNeverReplacesRealBase(t *testing.T) {
	key, id := "AIRTABLE_API_KEY", "AIRTABLE_BASE_ID"
	for set, missing := range map[string][]string{
		"AIRTABLE_API_KEY=pat":                      {id},
		"AIRTABLE_BASE_ID=appX":                     {key},
		"AIRTABLE_API_URL=https://api.airtable.com": {key, id},
		"SNAPSHOT_STORE=file:///srv/voc":            {key, id},
		"AIRTABLE_API_KEY_PARAMETER=/voc/key":       {key + "_PARAMETER", id},
	} {
		t.Run(set, func(t *testing.T) {
			_, err := config.Load([]string{set})
			expect(t, "variables", variables(err), missing)
			name, _, _ := strings.Cut(set, "=")
			if err != nil && !strings.Contains(err.Error(), "served only with "+name+" unset") {
				t.Errorf("the error does not say why: %v", err)
			}
		})
	}
}

func TestLoadPublicAddressNeedsTokens(t *testing.T) {
	_, err := config.Load([]string{"ADDR=0.0.0.0:8080"})
	expect(t, "variables", variables(err), []string{"READ_ACCESS"})
	for _, enough := range []string{"READ_TOKENS=r", "ADMIN_TOKENS=a", "READ_ACCESS=public"} {
		load(t, "ADDR=0.0.0.0:8080", enough)
	}
}
