package config_test

import (
	"slices"
	"strings"
	"testing"

	"voc/internal/config"
)

// variables returns the variable in front of each line of an error.
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
	for variable, wrong := range map[string]map[string][]string{ // words of the error → values
		"AIRTABLE_API_KEY": {
			"token contains":   {"pat with space", "patä"},
			"holds only space": {" "},
		},
		"AIRTABLE_API_KEY_PARAMETER": {"put the value in AIRTABLE_API_KEY": {"/voc/key"}},
		"AIRTABLE_BASE_ID":           {"app followed by": {"tblX", "app", "app../x"}},
		"AIRTABLE_TABLE_NAME":        {"holds only space": {"  "}},
		"AIRTABLE_API_URL": {
			"must be a URL such as": {"api.airtable.com", "ftp://x", "https://"},
			"without user, query":   {"https://x/?a=b", "https://x/#", "https://u:p@x"},
			"in clear text":         {"http://api.airtable.com", "http://127.0.0.1.evil.example"},
		},
		"FEEDBACK_YEARS": {"2024-2025, 2025- or all": {"2025-2024", "yes"}},
		"FIELD_MAP": {
			"JSON object":     {"[]"},
			`no key "state"`:  {`{"state":"x"}`},
			"status: must be": {`{"status":7}`},
		},
		"PRIVATE_FIELDS": {
			"cannot be masked":  {"status:mask", "Secret:mask"},
			"stands alone":      {"none, notes"},
			"cannot be private": {"id", "notes,airtable_url"},
			"JSON list":         {"[notes", "[1]"},
			"has no name":       {",", "[]"},
		},
		"TEAM_MAP": {"JSON object": {"{"}, `"Login": the team`: {`{"Login":""}`}},
		"SNAPSHOT_STORE": {
			"or file:///": {
				"./data", "file://data/x", "file://u@/x", "file:///a?b", "/srv/data",
			},
			"no directory":             {"file:///", "file:///a/.."},
			"the name of a bucket has": {"s3://", "s3://B/p", "s3://voc_1/p"},
			"s3://bucket/prefix":       {"s3://bucket:1/p", "s3://u@bucket/p", "s3://bucket/p?x"},
			"a prefix has":             {"s3://bucket/../p", "s3://bucket/a//b", "s3://bucket/a%20b"},
			"at most 256 characters":   {"s3://bucket/" + strings.Repeat("p", 257)},
		},
		"SNAPSHOT_KEEP": {"at least 1": {"0", "-1", "99999999999"}, `not "many"`: {"many"}},
		"READ_ACCESS": {
			"API Gateway":                  {"jwt"},
			`not "open"`:                   {"open"},
			`not "Public"`:                 {"Public"},
			"no token: set READ_TOKENS or": {"token"},
		},
		"READ_TOKENS":            {"no token": {","}, "token contains": {"a b"}},
		"READ_TOKENS_PARAMETER":  {"put the value in READ_TOKENS": {"/voc/t"}},
		"ADMIN_TOKENS":           {"no token": {", ,"}, "token contains": {"a\x00"}},
		"ADMIN_TOKENS_PARAMETER": {"put the value in ADMIN_TOKENS": {"/voc/t"}},
		"TRUSTED_PROXIES":        {"networks such as": {"proxy", "10.0.0.0/40"}, "of all": {"0.0.0.0/0"}},
		"CORS_ORIGINS": {
			"entry 1":        {"*"},
			"entry 2":        {"https://x, app.example.com"},
			"without a path": {"https://x//"},
			"origin such as": {
				"https://x?", "http://*.example.com", "https://*.com", "https://a.*.com",
				"https://u@x", "null", "https://ä.de", "https://x:",
			},
		},
		"DASHBOARD_USERS": {
			"must be JSON": {"[]"},
			"not an email": {
				`{"ann": {"name": "Ann", "role": "admin", "password_hash": "` + hash + `"}}`,
			},
		},
		"DASHBOARD_USERS_PARAMETER": {"put the value in DASHBOARD_USERS": {"/voc/u"}},
		"SCHEDULE_FULL": {
			"rate() is not supported": {"rate(1 hour)"},
			"cron(minutes":            {"off"},
		},
		"SCHEDULE_INCREMENTAL": {"cron(minutes": {"cron(0 9 * * * *)"}},
		"SCHEDULE_SWEEP":       {"cron(minutes": {"Off"}},
		"SCHEDULE_TIMEZONE":    {"IANA": {"New York", "Local", "../etc/passwd"}},
		"SCHEDULE":             {"on or off": {"true"}},
		"DEBUG_REFRESH":        {"true or false": {"1"}},
		"ADDR": {
			"host:port": {"8080", "localhost", "localhost:http", "::1:80", "x:65536"},
		},
		"AIRTABLE_SIM_DATA": {".jsonl.gz": {"bugs.csv"}},
		"AIRTABLE_SIM_ADDR": {"host:port": {"127.0.0.1"}},
		"AWS_ENDPOINT_URL_S3": {
			"must be a URL": {"127.0.0.1:9000", "ftp://x", "http://", "http://u:p@x"},
		},
	} {
		for words, values := range wrong {
			for _, value := range values {
				t.Run(variable+"="+value, func(t *testing.T) {
					c, err := config.Load(append(slices.Clone(base), variable+"="+value))
					expect(t, "variables", variables(err), []string{variable})
					if err != nil && !strings.Contains(err.Error(), words) {
						t.Errorf("the error does not contain %q: %v", words, err)
					}
					expect(t, "address", c.Addr, "")
				})
			}
		}
	}
}

func TestLoadListsEveryErrorInOrder(t *testing.T) {
	_, err := config.Load([]string{
		"DASHBOARD_USERS_PARAMETER=x", "DASHBOARD_USERS=x", "AWS_ENDPOINT_URL_S3=x",
		"AIRTABLE_SIM_ADDR=x", "AIRTABLE_SIM_DATA=x", "ADDR=x", "DEBUG_REFRESH=x", "SCHEDULE=x",
		"SCHEDULE_TIMEZONE=x", "SCHEDULE_SWEEP=x", "SCHEDULE_INCREMENTAL=x", "SCHEDULE_FULL=x",
		"CORS_ORIGINS=x", "ADMIN_TOKENS_PARAMETER=x", "ADMIN_TOKENS=,", "READ_TOKENS_PARAMETER=x",
		"READ_TOKENS=,", "READ_ACCESS=x", "SNAPSHOT_KEEP=x", "SNAPSHOT_STORE=x", "TEAM_MAP=x",
		`FIELD_MAP={"x":"y","status":0}`, "FEEDBACK_YEARS=x", "AIRTABLE_API_URL=x",
		"AIRTABLE_TABLE_NAME= ", "AIRTABLE_BASE_ID=x", "AIRTABLE_API_KEY_PARAMETER=x",
		"AIRTABLE_API_KEY=a b",
	})
	expect(t, "variables", variables(err), []string{
		"AIRTABLE_API_KEY", "AIRTABLE_API_KEY_PARAMETER", "AIRTABLE_BASE_ID",
		"AIRTABLE_TABLE_NAME", "AIRTABLE_API_URL", "FEEDBACK_YEARS", "FIELD_MAP", "FIELD_MAP",
		"TEAM_MAP", "SNAPSHOT_STORE", "SNAPSHOT_KEEP", "READ_ACCESS", "READ_TOKENS",
		"READ_TOKENS_PARAMETER", "ADMIN_TOKENS", "ADMIN_TOKENS_PARAMETER", "CORS_ORIGINS",
		"DASHBOARD_USERS", "DASHBOARD_USERS_PARAMETER", "SCHEDULE_FULL", "SCHEDULE_INCREMENTAL",
		"SCHEDULE_SWEEP", "SCHEDULE_TIMEZONE", "SCHEDULE", "DEBUG_REFRESH", "ADDR",
		"AIRTABLE_SIM_DATA", "AIRTABLE_SIM_ADDR", "AWS_ENDPOINT_URL_S3",
	})
}

// TestLoadOmitsConsequentErrors: an error in one variable hides what only follows from it.
func TestLoadOmitsConsequentErrors(t *testing.T) {
	for name, test := range map[string]struct{ environ, want []string }{
		"invalid address may be loopback": {
			append(base, "ADDR=8080"),
			[]string{"ADDR"},
		},
		"invalid access may need no token": {
			append(base, "ADDR=:80", "READ_ACCESS=jwt"),
			[]string{"READ_ACCESS"},
		},
		"invalid tokens are not missing": {
			append(base, "ADDR=:80", "READ_TOKENS=a b"),
			[]string{"READ_TOKENS"},
		},
		"tokens in SSM are not missing": {
			append(base, "ADDR=:80", "ADMIN_TOKENS_PARAMETER=/t"),
			[]string{"ADMIN_TOKENS_PARAMETER"},
		},
		"key in SSM is not missing": {
			[]string{"AIRTABLE_BASE_ID=appX", "AIRTABLE_API_KEY_PARAMETER=/k"},
			[]string{"AIRTABLE_API_KEY_PARAMETER"},
		},
		"blank key is not missing": {
			[]string{"AIRTABLE_BASE_ID=appX", "AIRTABLE_API_KEY= "},
			[]string{"AIRTABLE_API_KEY"},
		},
		"schedule without a time zone": {
			append(base, "SCHEDULE_TIMEZONE=x", "SCHEDULE_FULL=cron(0 1 * * ? *)"),
			[]string{"SCHEDULE_TIMEZONE"},
		},
		"only one variable": {[]string{"FEEDBACK_YEARS=x"}, []string{"FEEDBACK_YEARS"}},
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
				t.Errorf("the error does not name %s: %v", name, err)
			}
		})
	}
}

func TestLoadPublicAddressNeedsTokens(t *testing.T) {
	_, err := config.Load([]string{"ADDR=0.0.0.0:8080"})
	expect(t, "variables", variables(err), []string{"READ_ACCESS"})
	for _, enough := range []string{
		"READ_TOKENS=3f9c0d7a51e84b26", "ADMIN_TOKENS=b7d1f0c4e2a95836", "READ_ACCESS=public",
	} {
		load(t, "ADDR=0.0.0.0:8080", enough)
	}
}
