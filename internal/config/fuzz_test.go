package config_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"voc/internal/config"
)

// FuzzLoad tries environments, one variable a line, in which the secrets are either valid or no
// tokens at all. Each line of an error names a variable of the table, and neither the error nor the
// Config shows a secret.
func FuzzLoad(f *testing.F) {
	f.Add("")
	f.Add("AIRTABLE_BASE_ID=appX\nADDR=:80")
	f.Add("AIRTABLE_BASE_ID=patX\nAIRTABLE_API_URL=http://u:p@x?#\n" +
		"SNAPSHOT_STORE=s3://b\nSNAPSHOT_STORE=file:///%zz")
	f.Add("AIRTABLE_API_URL=http://[::1%25eth0]:1\n" +
		"CORS_ORIGINS=https://*.a.b,,http://[::]:80\nADDR=[::1]:0")
	f.Add("FEEDBACK_YEARS=2024-2025\nFIELD_MAP={\"a: b\\n\":1,\"status\":[]}\n" +
		"TEAM_MAP={\"A\":\"t\",\"a\":\"t\"}")
	f.Add("SCHEDULE_FULL=cron(0 0 L * ? *)\nSCHEDULE_SWEEP=off\nSCHEDULE_TIMEZONE=Local\nSCHEDULE=off")
	f.Add("DASHBOARD_USERS={\"a@b\":{\"name\":\"A\",\"role\":\"admin\"}," +
		"\"A@b\":{},\"\\n: \":{\"password_hash\":\"$2a$31$\"}}")
	f.Add("READ_ACCESS=jwt\nSNAPSHOT_KEEP=1e9\nDEBUG_REFRESH=yes\n" +
		"AIRTABLE_SIM_DATA=a.jsonl\nAIRTABLE_SIM_ADDR=x:1\n=\nX")
	f.Add("SNAPSHOT_STORE=s3://b-1/p\nREFRESH_MODE=full\nAIRTABLE_API_KEY_PARAMETER=/a\n" +
		"READ_TOKENS_PARAMETER=a\nREFRESH_FULL_FUNCTION=a:b")
	f.Add("HTTPS_PROXY=%zz\nNO_PROXY=;\nPORT=x\nAWS_ENDPOINT_URL=x\nSNAPSHOT_STORE=s3://b-1\n" +
		"FIELD_MAP='{}\nexport ADDR=\"x\"\nADRR=x")
	names := []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY",
		"no_proxy", "PORT", "AWS_ENDPOINT_URL"}
	for _, v := range config.Variables() {
		names = append(names, v.Name)
	}
	const hidden = "patHIDDEN"
	f.Fuzz(func(t *testing.T, environ string) {
		if strings.Contains(environ, hidden) {
			return
		}
		for _, tail := range []string{"", " a b", "\x7f,é"} {
			secrets := []string{"AIRTABLE_API_KEY=" + hidden + tail, "READ_TOKENS=x," + hidden + tail,
				"ADMIN_TOKENS=" + hidden + tail}
			c, err := config.Load(append(strings.Split(environ, "\n"), secrets...))
			if text := fmt.Sprintf("%v %+v %#v", err, c, c); strings.Contains(text, hidden) {
				t.Errorf("a secret is in %s", text)
			}
			if err == nil && c.Airtable.Key.Reveal() != hidden {
				t.Error("the key is lost")
			}
			for _, host := range []config.Host{config.API, config.Refresh} {
				c, err := config.LoadFunction(host, append(strings.Split(environ, "\n"), secrets...))
				if text := fmt.Sprintf("%v %+v %#v", err, c, c); strings.Contains(text, hidden) {
					t.Errorf("a secret is in %s", text)
				}
			}
			for _, name := range variables(err) {
				if !slices.Contains(names, name) {
					t.Errorf("%q is not a variable, in\n%v", name, err)
				}
			}
		}
	})
}
