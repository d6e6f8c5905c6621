package repotest_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"voc/internal/config"
)

// parameterRows are values as people write them, by parameter. What a pattern refuses is refused
// before CloudFormation changes anything; a function with such a value would not serve.
var parameterRows = map[string]struct{ taken, refused []string }{
	"AirtableBaseId": {
		taken:   []string{"appAbc0123456789Z"},
		refused: []string{"tblAbc0123456789Z", "https://airtable.com/appAbc", "app", "app Abc"},
	},
	"AirtableTableName": {
		taken:   []string{"Lead Bugs", "tblAbc0123456789Z", "Ü", "a"},
		refused: []string{" ", "\t"},
	},
	"FeedbackYears": {
		taken:   []string{"2025", "2024-2025", "2025-", "all"},
		refused: []string{"2024,2025", "2024 - 2025", "24-25", "-2025", "ALL", "2024-2025-"},
	},
	"FieldMap": {
		taken: []string{
			"{}", `{"team": "Squad"}`, `{"team":"Squad","status":["State","Status"]}`, `{"notes": []}`,
			`{"description":"Notes \"old\" \u00fc"}`, `{ "timeToInProgressHoursAvg" : "Hours" }`,
		},
		refused: []string{
			"{", "[]", "x", `{"team"}`, `{"team": 1}`, `{"tema": "Squad"}`, `{team: "Squad"}`,
			`{"team": "Squad",}`, `{"team": ""}`, `{'team': 'Squad'}`,
		},
	},
	"TeamMap": {
		taken:   []string{"{}", `{"Login": "Identity"}`, `{"Login":"Identity","Bill\"ing":"Money"}`},
		refused: []string{"[]", "{", `{"Login"}`, `{"Login": ["Identity"]}`, `{"Login": 1}`, `"Login"`},
	},
	"PrivateFields": {
		taken: []string{
			"none", "notes", "Secret Plan, fldAbc0123456789Z", "status,reporter_email:mask",
			"triage_rep:mask , Ü/x (old)", `["notes"]`, ` [ "Plan, old" , "reporter_email:mask"]`,
			`["Plan: B \"x\" [old]", "\u00dc", "fldAbc0123456789Z", "a:b: 2"]`,
		},
		refused: []string{
			"status:mask", "Secret:mask", ":mask", "[notes", `["notes",1]`, `[]`, `["status:mask"]`,
			`["Secret : mask"]`, `["notes"],status`, `["notes",]`, `[" "]`, `["a\x"]`,
		},
	},
	"AirtableMonthlyCalls": {
		taken: []string{"0", "1000"}, refused: []string{"-1", "1.5", "1e3", "1,000", "none"},
	},
	"SnapshotKeep": {taken: []string{"1", "30"}, refused: []string{"0", "-1", "2.5", "all"}},
	"MaxShrinkPercent": {
		taken: []string{"0", "20", "100"}, refused: []string{"101", "20%", "2.5", "-1"},
	},
	"CorsOrigins": {
		taken: []string{
			"https://x.example.com", "https://*.example.com", "http://localhost:3000",
			"https://App.Example.com:443, http://[::1]:3000",
			"https://a.example.com,https://b.example.com", "https://x.example.com/",
		},
		refused: []string{
			"x.example.com", "https://x.example.com/app", "*", "https://*", "https://*.com",
			"https://x.example.com https://y.example.com", "https://x.example.com:port",
			"ftp://x.example.com",
		},
	},
	"ScheduleFull":        cronRows,
	"ScheduleIncremental": cronRows,
	"ScheduleSweep": {
		taken:   append(slices.Clone(cronRows.taken), "off"),
		refused: append(slices.Clone(cronRows.refused), "Off"),
	},
	"ScheduleTimezone": {
		taken:   []string{"America/New_York", "America/Argentina/Buenos_Aires", "UTC", "Etc/GMT+5"},
		refused: []string{"Eastern", "New York", "America/New York", "UTC+1", "Local", "-05:00"},
	},
	"ExistingBucket": {
		taken:   []string{"voc-snapshotbucket-abc123"},
		refused: []string{"s3://voc-bucket", "voc_bucket", "Voc", "vo", "arn:aws:s3:::voc"},
	},
	"StorePrefix": {
		taken:   []string{"appAbc", "teams/bugs.v2", "_x-1"},
		refused: []string{"a b", "a?b", ".hidden", "a/.b", "ä"},
	},
	"AirtableApiKeyParameter":   nameRows,
	"ReadTokensParameter":       nameRows,
	"AdminTokensParameter":      nameRows,
	"DashboardUsersParameter":   nameRows,
	"NotifyWebhookUrlParameter": nameRows,
	"HeartbeatUrlParameter":     nameRows,
}

type parameterRow = struct{ taken, refused []string }

var cronRows = parameterRow{
	taken: []string{
		"cron(59 23 ? * SUN *)", "cron(0 9-21 ? * MON-FRI *)", "cron(*/15 0/2 1,15 JAN-MAR ? 2026-2030)",
		"cron(30 6 L * ? *)", "cron(30 6 15W * ? *)", "cron(30 6 ? * 6L *)", "cron(30 6 ? * 2#1 *)",
	},
	refused: []string{
		"rate(7 days)", "at(2026-11-30T00:00:00)", "59 23 * * 0", "cron(59 23 * * 0)",
		"cron(59 23 * * SUN *)", "cron(59 23 ? * ? *)", "cron(60 23 ? * SUN *)", "cron(59 24 ? * SUN *)",
		"cron(59 23 ? 13 SUN *)", "cron(59 23 ? * SUNDAY *)", "cron(59 23 ? * 8 *)",
		"cron(59 23 32 * ? *)",
		"cron(59 23 ? * SUN)", "cron(59 23 ? * SUN *", "CRON(59 23 ? * SUN *)", "daily",
	},
}

var nameRows = parameterRow{
	taken:   []string{"/voc/admin-tokens", "/a"},
	refused: []string{"voc/admin-tokens", "/", "/voc/", "/voc//x", "/voc/a b", "s3cret"},
}

// TestTemplateRefusesWhatTheConfigurationRefuses holds the pattern of each parameter to the parser
// of its variable: with the rows, and with every value that one edit makes of a row that is taken.
func TestTemplateRefusesWhatTheConfigurationRefuses(t *testing.T) {
	of := readTemplate(t)
	for name, rows := range parameterRows {
		p, ok := of.Parameters[name]
		if !ok || p.AllowedPattern == "" || p.ConstraintDescription == "" {
			t.Errorf("%s has no pattern, or no words for what it refuses", name)
			continue
		}
		pattern, err := regexp.Compile(`\A(?:` + p.AllowedPattern + `)\z`)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		t.Run(name, func(t *testing.T) {
			for _, value := range rows.taken {
				if err := configured(name, value); err != nil || !pattern.MatchString(value) {
					t.Errorf("%q: pattern %v, configuration: %v", value, pattern.MatchString(value), err)
				}
			}
			for _, value := range rows.refused {
				if err := configured(name, value); err == nil || pattern.MatchString(value) {
					t.Errorf("%q: pattern %v, configuration: %v", value, pattern.MatchString(value), err)
				}
			}
			for _, value := range rows.taken {
				for edited := range edits(value) {
					if !pattern.MatchString(edited) {
						continue
					}
					if err := configured(name, edited); err != nil && !beyondPatterns.MatchString(err.Error()) {
						t.Errorf("%q passes the pattern: %v", edited, err)
					}
				}
			}
		})
	}
}

// beyondPatterns are the mistakes that no pattern finds: what compares two parts of a value, and
// whether a time zone exists, which EventBridge checks when the schedule is made.
var beyondPatterns = regexp.MustCompile(`runs backwards|is not a span of years: use|no time zone|` +
	`the step must be 1 to`)

// configured reports what the configuration of the functions says of a parameter's value.
func configured(parameter, value string) error {
	given := map[string]string{
		"AIRTABLE_BASE_ID": "appAbc", "SNAPSHOT_STORE": "s3://voc-bucket/appAbc", "READ_ACCESS": "public",
		"REFRESH_FULL_FUNCTION": "f", "REFRESH_INCREMENTAL_FUNCTION": "i",
		"AIRTABLE_API_KEY_PARAMETER": "/voc/key", "REFRESH_MODE": "full",
	}
	variable := ""
	switch parameter {
	case "ExistingBucket":
		variable, value = "SNAPSHOT_STORE", "s3://"+value+"/appAbc"
	case "StorePrefix":
		variable, value = "SNAPSHOT_STORE", "s3://voc-bucket/"+value
	default:
		for _, v := range config.Variables() {
			if camel(v.Name) == parameter {
				variable = v.Name
			}
		}
	}
	given[variable] = value
	var environ []string
	for name, value := range given {
		environ = append(environ, name+"="+value)
	}
	for _, host := range []config.Host{config.API, config.Refresh} {
		_, err := config.LoadFunction(host, environ)
		if err != nil && strings.Contains(err.Error(), variable) {
			return fmt.Errorf("%s: %w", host, err)
		}
	}
	return nil
}

// edits yields a value with one character removed, doubled, replaced or inserted.
func edits(value string) func(func(string) bool) {
	alphabet := []rune("aZ9 *?-_/.,:#\"\\[]{}(|é")
	return func(yield func(string) bool) {
		runes := []rune(value)
		for i := 0; i <= len(runes); i++ {
			head, tail := string(runes[:i]), string(runes[i:])
			for _, r := range alphabet {
				if !yield(head + string(r) + tail) {
					return
				}
				if i < len(runes) && !yield(head+string(r)+string(runes[i+1:])) {
					return
				}
			}
			if i < len(runes) && !yield(head+string(runes[i+1:])) {
				return
			}
		}
	}
}

// TestTemplateConstrainsWhatTheFunctionsRead: a parameter that sets a variable has a pattern or a
// list of values, so that a typo is refused before anything changes.
func TestTemplateConstrainsWhatTheFunctionsRead(t *testing.T) {
	of := readTemplate(t)
	for _, v := range config.Variables() {
		name := camel(v.Name)
		p, ok := of.Parameters[name]
		unread := len(v.Hosts) == 0 // by any host yet
		if !ok || p.AllowedValues != nil || unread && p.AllowedPattern != "" {
			continue
		}
		if _, tested := parameterRows[name]; !tested {
			t.Errorf("%s sets %s: it has neither a list of values nor a tested pattern", name, v.Name)
		}
	}
}
