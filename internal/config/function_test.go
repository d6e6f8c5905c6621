package config_test

import (
	"slices"
	"strings"
	"testing"

	"voc/internal/access"
	"voc/internal/config"
)

// The least that the template sets for each function.
var (
	apiFunction = []string{
		"AIRTABLE_BASE_ID=appREAL", "SNAPSHOT_STORE=s3://voc-data/appREAL",
		"READ_TOKENS_PARAMETER=/voc/read", "ADMIN_TOKENS_PARAMETER=/voc/admin",
		"REFRESH_FULL_FUNCTION=voc-full",
		"REFRESH_INCREMENTAL_FUNCTION=arn:aws:lambda:eu-central-1:123456789012:function:voc-incremental",
	}
	refreshFunction = []string{
		"AIRTABLE_BASE_ID=appREAL", "SNAPSHOT_STORE=s3://voc-data/appREAL",
		"AIRTABLE_API_KEY_PARAMETER=/voc/airtable-api-key", "REFRESH_MODE=full",
	}
)

func loadFunction(t *testing.T, host config.Host, environ []string, more ...string) config.Config {
	t.Helper()
	c, err := config.LoadFunction(host, slices.Concat(environ, more))
	if err != nil {
		t.Fatalf("LoadFunction:\n%v", err)
	}
	return c
}

func TestLoadFunction(t *testing.T) {
	c := loadFunction(t, config.API, apiFunction, "SNAPSHOT_KEEP=0", "ADDR=x", "AIRTABLE_SIM_DATA=x")
	expect(t, "store", c.Store, config.Store{Bucket: "voc-data", Prefix: "appREAL"})
	expect(t, "access", c.Access, access.Policy{Reads: access.TokenReads, TokensUnread: true})
	expect(t, "functions", c.Function,
		config.Function{Full: "voc-full",
			Incremental: "arn:aws:lambda:eu-central-1:123456789012:function:voc-incremental"})
	expect(t, "emulator", c.Emulator, false)
	expect(t, "unused", c.Unused, []string{"SNAPSHOT_KEEP", "ADDR", "AIRTABLE_SIM_DATA"})

	c = loadFunction(t, config.Refresh, refreshFunction, "READ_TOKENS=x y", "SNAPSHOT_KEEP=3")
	expect(t, "base", c.Airtable.BaseID, "appREAL")
	expect(t, "mode", c.Function, config.Function{Mode: "full"})
	expect(t, "keep", c.Keep, 3)
	expect(t, "unused", c.Unused, []string{"READ_TOKENS"})
}

func TestLoadFunctionListsEveryMissing(t *testing.T) {
	_, err := config.LoadFunction(config.API, nil)
	expect(t, "of the API", variables(err),
		[]string{"AIRTABLE_BASE_ID", "SNAPSHOT_STORE", "READ_ACCESS", "REFRESH_FULL_FUNCTION",
			"REFRESH_INCREMENTAL_FUNCTION"})
	_, err = config.LoadFunction(config.Refresh, []string{"FEEDBACK_YEARS=x"})
	expect(t, "of the refresh", variables(err),
		[]string{"AIRTABLE_API_KEY_PARAMETER", "AIRTABLE_BASE_ID", "FEEDBACK_YEARS", "SNAPSHOT_STORE",
			"REFRESH_MODE"})
}

func TestLoadFunctionErrors(t *testing.T) {
	clearText := "AIRTABLE_API_URL=http://172.18.0.1:9000"
	for name, c := range map[string]struct {
		host    config.Host
		environ []string // besides the template's
		want    string
	}{
		"directory as store": {
			config.API, []string{"SNAPSHOT_STORE=file:///tmp/voc"}, "SNAPSHOT_STORE",
		},
		"secret given twice": {
			config.Refresh, []string{"AIRTABLE_API_KEY=" + key}, "AIRTABLE_API_KEY_PARAMETER",
		},
		"parameter without path": {
			config.Refresh, []string{"AIRTABLE_API_KEY_PARAMETER=key"}, "AIRTABLE_API_KEY_PARAMETER",
		},
		"unknown mode": {config.Refresh, []string{"REFRESH_MODE=everything"}, "REFRESH_MODE"},
		"invalid function name": {
			config.API, []string{"REFRESH_FULL_FUNCTION=a b"}, "REFRESH_FULL_FUNCTION",
		},
		"token in clear text": {config.Refresh, []string{clearText}, "AIRTABLE_API_URL"},
		"token in clear text outside sam local": {
			config.Refresh, []string{clearText, "AWS_SAM_LOCAL=false"}, "AIRTABLE_API_URL",
		},
	} {
		t.Run(name, func(t *testing.T) {
			environ := apiFunction
			if c.host == config.Refresh {
				environ = refreshFunction
			}
			_, err := config.LoadFunction(c.host, slices.Concat(environ, c.environ))
			expect(t, "variables", variables(err), []string{c.want})
		})
	}
}

func TestLoadFunctionSamLocal(t *testing.T) {
	c := loadFunction(t, config.Refresh, refreshFunction, "AWS_SAM_LOCAL=true",
		"AIRTABLE_API_URL=http://172.18.0.1:9000")
	expect(t, "URL", c.Airtable.URL, "http://172.18.0.1:9000")
}

func TestParameters(t *testing.T) {
	expect(t, "parameters of the API", config.Parameters(config.API, apiFunction), []config.Parameter{
		{Variable: "READ_TOKENS", Name: "/voc/read"}, {Variable: "ADMIN_TOKENS", Name: "/voc/admin"}})
	named := config.Parameters(config.Refresh,
		append(slices.Clone(refreshFunction), "READ_TOKENS_PARAMETER=/not/its/own"))
	expect(t, "parameters of the refresh", named,
		[]config.Parameter{{Variable: "AIRTABLE_API_KEY", Name: "/voc/airtable-api-key"}})
	expect(t, "source", named[0].Source(), "AIRTABLE_API_KEY_PARAMETER")

	environ := append(slices.Clone(refreshFunction), "AIRTABLE_API_KEY="+key,
		"AIRTABLE_API_KEY_PARAMETER=")
	expect(t, "key", loadFunction(t, config.Refresh, environ).Airtable.Key.Reveal(), key)
	c := loadFunction(t, config.API, apiFunction,
		"READ_TOKENS=3f9c0d7a51e84b26", "READ_TOKENS_PARAMETER=",
		"ADMIN_TOKENS=b7d1f0c4e2a95836", "ADMIN_TOKENS_PARAMETER=")
	expect(t, "unread", c.Access.TokensUnread, false)
	expect(t, "tokens", reveal(c.Access.AdminTokens), []string{"b7d1f0c4e2a95836"})
	_, err := config.LoadFunction(config.API, append(slices.Clone(apiFunction),
		"ADMIN_TOKENS=a", "ADMIN_TOKENS_PARAMETER="))
	expect(t, "weak tokens", variables(err), []string{"ADMIN_TOKENS"})
}

// TestWatchFunction: the function that watches needs no key of Airtable, and knows what to start.
func TestWatchFunction(t *testing.T) {
	environ := []string{"AIRTABLE_BASE_ID=appX", "SNAPSHOT_STORE=s3://bucket", "REFRESH_MODE=watch",
		"REFRESH_FULL_FUNCTION=full", "REFRESH_INCREMENTAL_FUNCTION=incremental",
		"NOTIFY_WEBHOOK_URL_PARAMETER=/voc/webhook", "SCHEDULE=off"}
	c := loadFunction(t, config.Watch, environ)
	expect(t, "functions", c.Function,
		config.Function{Mode: config.WatchMode, Full: "full", Incremental: "incremental"})
	expect(t, "schedule", c.Schedule.On, false)
	expect(t, "parameters", config.Parameters(config.Watch, environ),
		[]config.Parameter{{Variable: "NOTIFY_WEBHOOK_URL", Name: "/voc/webhook"}})
	_, err := config.LoadFunction(config.Watch, environ[:2])
	expect(t, "missing", variables(err),
		[]string{"REFRESH_MODE", "REFRESH_FULL_FUNCTION", "REFRESH_INCREMENTAL_FUNCTION"})
}

// TestSecretURL: the URLs of others are secrets, and no error repeats them.
func TestSecretURL(t *testing.T) {
	const hook = "https://hooks.example.com/services/T0/B0/secret"
	c := loadReal(t, "NOTIFY_WEBHOOK_URL="+hook, "HEARTBEAT_URL=http://127.0.0.1:8000/ping")
	expect(t, "webhook", c.Webhook.Reveal(), hook)
	expect(t, "heartbeat", c.Heartbeat.Reveal(), "http://127.0.0.1:8000/ping")
	for _, wrong := range []string{"hooks.example.com/secret", "http://hooks.example.com/secret",
		"https://user:secret@example.com", "https://example.com/#secret"} {
		_, err := config.Load([]string{"HEARTBEAT_URL=" + wrong})
		expect(t, wrong, variables(err), []string{"HEARTBEAT_URL"})
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error repeats the URL: %v", err)
		}
	}
}

func TestVariablesHosts(t *testing.T) {
	known := []config.Host{config.Server, config.API, config.Refresh, config.Watch}
	for _, v := range config.Variables() {
		for _, host := range v.Hosts {
			if !slices.Contains(known, host) {
				t.Errorf("%s is read by %q, which is not a host", v.Name, host)
			}
		}
	}
	expect(t, "hosts of the key", find(t, "AIRTABLE_API_KEY").Hosts,
		[]config.Host{config.Server, config.Refresh})
}

func find(t *testing.T, name string) config.Variable {
	t.Helper()
	rows := config.Variables()
	i := slices.IndexFunc(rows, func(v config.Variable) bool { return v.Name == name })
	if i < 0 {
		t.Fatalf("%s is not in the table", name)
	}
	return rows[i]
}
