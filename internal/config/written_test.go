package config_test

import (
	"slices"
	"strings"
	"testing"

	"voc/internal/access"
	"voc/internal/config"
	"voc/internal/feedback"
)

// TestLoadValuesAsWritten: env files, editors and web pages leave quotes and blanks where no
// shell removes them.
func TestLoadValuesAsWritten(t *testing.T) {
	mapped, err := feedback.NewMapping(`{"status":"State"}`, "")
	if err != nil {
		t.Fatal(err)
	}
	c := load(t, `AIRTABLE_API_KEY="`+key+`"`, "AIRTABLE_BASE_ID='appREAL'\r",
		"AIRTABLE_TABLE_NAME=\" Lead Bugs \"", `FIELD_MAP="{\"status\":\"State\"}"`, `TEAM_MAP='{}'`,
		`READ_TOKENS="one", "two"`, `SNAPSHOT_KEEP=“7”`, "\ufeffREAD_ACCESS=\u00a0token\u200b",
		"ADDR ='127.0.0.1:9000'", "export SCHEDULE=off", `CORS_ORIGINS=""`)
	expect(t, "key", c.Airtable.Key.Reveal(), key)
	expect(t, "base", c.Airtable.BaseID, "appREAL")
	expect(t, "table", c.Airtable.Table, "Lead Bugs")
	expect(t, "mapping", c.Mapping.Names(feedback.Status), mapped.Names(feedback.Status))
	expect(t, "tokens", reveal(c.Access.ReadTokens), []string{"one", "two"})
	expect(t, "keep", c.Keep, 7)
	expect(t, "reads", c.Access.Reads, access.TokenReads)
	expect(t, "address", c.Addr, "127.0.0.1:9000")
	expect(t, "scheduler", c.Schedule.On, false)
	expect(t, "origins", c.Access.Origins, access.Origins(nil))
	c = loadReal(t, "AIRTABLE_TABLE_NAME=Customers'")
	expect(t, "a name with an apostrophe", c.Airtable.Table, "Customers'")
}

func TestLoadRejectsHalfQuotes(t *testing.T) {
	for _, value := range []string{`"` + key, key + `'`, "“" + key} {
		_, err := config.Load([]string{"AIRTABLE_BASE_ID=appREAL", "AIRTABLE_API_KEY=" + value})
		expect(t, "variables", variables(err), []string{"AIRTABLE_API_KEY"})
		if err != nil && (!strings.Contains(err.Error(), "without quotes") ||
			strings.Contains(err.Error(), key)) {
			t.Error(err)
		}
	}
}

func TestLoadExactNameWins(t *testing.T) {
	c := loadReal(t, "SNAPSHOT_KEEP =3", "SNAPSHOT_KEEP=4")
	expect(t, "keep", c.Keep, 4)
	expect(t, "near misses", c.NearMisses, []config.NearMiss{{"SNAPSHOT_KEEP ", "SNAPSHOT_KEEP"}})
}

func TestLoadAirtableAddresses(t *testing.T) {
	for written, want := range map[string]string{
		"https://api.airtable.com/v0":              "https://api.airtable.com",
		"https://api.airtable.com/v0/":             "https://api.airtable.com",
		"https://proxy.example/airtable/v0":        "https://proxy.example/airtable",
		"http://127.0.0.1:4711/":                   "http://127.0.0.1:4711",
		"https://api.airtable.com/v0/appX/T":       "",
		"https://api.airtable.com/appX":            "",
		"https://airtable.com/appX/tblY/viwZ":      "",
		"https://proxy.example/v0/meta/bases":      "",
		"https://proxy.example/airtable/v0/appX/T": "",
	} {
		c, err := config.Load(append(slices.Clone(base), "AIRTABLE_API_URL="+written))
		expect(t, written, c.Airtable.URL, want)
		if want == "" && (err == nil || !strings.Contains(err.Error(),
			"write https://api.airtable.com")) {
			t.Errorf("%s: %v", written, err)
		}
	}
}

func TestLoadNearMisses(t *testing.T) {
	c := loadReal(t, "SCHEDUEL=off", "ADMIN_TOKEN=try", "addr=:80", "AIRTABLE_TABLE=Bugs",
		"AIRTABLE_TOKEN=x", "SNAPSHOT_KEPT=", "AWS_ENDPOINT_URL_SSM=http://x", "PORTS=1", "DADDR=1",
		"HOME=/root", "SHELL=sh", "SCHEMA=x")
	expect(t, "near misses", c.NearMisses, []config.NearMiss{
		{"ADMIN_TOKEN", "ADMIN_TOKENS"}, {"AIRTABLE_TABLE", "AIRTABLE_TABLE_NAME"},
		{"DADDR", "ADDR"}, {"SCHEDUEL", "SCHEDULE"}, {"addr", "ADDR"},
	})
	expect(t, "scheduler", c.Schedule.On, true)
}

// TestLoadNearMissOfRealBase: a misspelled variable of a real base must not start the sample.
func TestLoadNearMissOfRealBase(t *testing.T) {
	for written, meant := range map[string]string{
		"AIRTABLE_APIKEY":   "AIRTABLE_API_KEY",
		"AIRTABLE_TOKEN":    "AIRTABLE_API_KEY",
		"airtable_base_id":  "AIRTABLE_BASE_ID",
		"SNAPSHOTSTORE":     "SNAPSHOT_STORE",
		"AIRTABLE_BASE_URL": "AIRTABLE_API_URL",
	} {
		_, err := config.Load([]string{written + "=" + key})
		expect(t, "variables", variables(err), []string{meant})
		if err != nil && (!strings.Contains(err.Error(), "rename it to "+meant) ||
			!strings.Contains(err.Error(), written) || strings.Contains(err.Error(), key)) {
			t.Errorf("%s: %v", written, err)
		}
	}
	_, err := config.Load([]string{"AIRTABLE_BASE_ID=appX", "AIRTABLE_APIKEY=" + key})
	if err == nil || !strings.Contains(err.Error(), "AIRTABLE_APIKEY, which is set") {
		t.Errorf("the error does not name the near miss: %v", err)
	}
}

// TestLoadErrorNamesNearMisses: a misspelled name may be the cause of an error.
func TestLoadErrorNamesNearMisses(t *testing.T) {
	_, err := config.Load(append(slices.Clone(base), "ADDR=:80", "ADMIN_TOKEN=try"))
	expect(t, "variables", variables(err), []string{"READ_ACCESS", "ADMIN_TOKENS"})
	if err != nil && !strings.Contains(err.Error(), "ADMIN_TOKEN, which is set") {
		t.Error(err)
	}
}

func TestLoadProxies(t *testing.T) {
	const password = "s3cr"
	for entry, valid := range map[string]bool{
		"HTTPS_PROXY=http://joe:" + password + "%!@proxy:3128": false,
		"https_proxy=http://joe:" + password + "#1@proxy:3128": false,
		"HTTP_PROXY=proxy:port":                                false,
		"HTTP_PROXY=proxy:99999":                               false,
		`HTTPS_PROXY="http://proxy:3128"`:                      false,
		"HTTPS_PROXY= http://proxy:3128":                       false,
		"HTTPS_PROXY=ftp://proxy:3128":                         false,
		"HTTPS_PROXY=http://":                                  false,
		"NO_PROXY=localhost 127.0.0.1":                         false,
		"NO_PROXY=localhost;x":                                 false,
		"no_proxy=http://intranet":                             false,
		"NO_PROXY=10.0.0.0/33":                                 false,
		"NO_PROXY=intranet:http":                               false,
		"HTTPS_PROXY=http://joe:s%25@proxy:3128":               true,
		"HTTPS_PROXY=proxy:3128":                               true,
		"HTTPS_PROXY=proxy.example":                            true,
		"https_proxy=socks5://127.0.0.1:1080":                  true,
		"HTTPS_PROXY=http://[::1]:3128/":                       true,
		"NO_PROXY=localhost, .example.com,10.0.0.0/8,::1,*,[::1]:80,x:8080,*.a.b,fe80::/10,": true,
	} {
		_, err := config.Load(append(slices.Clone(base), entry))
		name, _, _ := strings.Cut(entry, "=")
		if valid && err != nil || !valid && !slices.Equal(variables(err), []string{name}) {
			t.Errorf("%s: %v", entry, err)
		}
		if err != nil && strings.Contains(err.Error(), password) {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

func TestLoadPort(t *testing.T) {
	token := "ADMIN_TOKENS=b7d1f0c4e2a95836"
	expect(t, "address", loadReal(t, "PORT=10000", token).Addr, "0.0.0.0:10000")
	expect(t, "ADDR wins", loadReal(t, "PORT=10000", "ADDR=127.0.0.1:1").Addr, "127.0.0.1:1")
	expect(t, "sample", load(t, "PORT=10000").Addr, "127.0.0.1:8080")
	for _, wrong := range []string{"0", "http", "65536", "-1"} {
		_, err := config.Load(append(slices.Clone(base), token, "PORT="+wrong))
		expect(t, "variables", variables(err), []string{"PORT"})
	}
	_, err := config.Load(append(slices.Clone(base), "PORT=10000"))
	expect(t, "variables without a token", variables(err), []string{"READ_ACCESS"})
}

func TestLoadAWSEndpoint(t *testing.T) {
	bucket, all := "SNAPSHOT_STORE=s3://bucket", "AWS_ENDPOINT_URL=http://127.0.0.1:9000/"
	expect(t, "endpoint", loadReal(t, bucket, all).Store.Endpoint, "http://127.0.0.1:9000")
	expect(t, "that of S3 wins", loadReal(t, bucket, all,
		"AWS_ENDPOINT_URL_S3=http://127.0.0.1:1").Store.Endpoint, "http://127.0.0.1:1")
	expect(t, "ignored", loadReal(t, bucket, all,
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true").Store.Endpoint, "")
	_, err := config.Load(append(slices.Clone(base), bucket, "AWS_ENDPOINT_URL=minio"))
	expect(t, "variables", variables(err), []string{"AWS_ENDPOINT_URL"})
	load(t, "AWS_ENDPOINT_URL=minio") // no bucket
}
