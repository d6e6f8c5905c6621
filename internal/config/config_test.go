package config_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"voc/internal/access"
	"voc/internal/config"
	"voc/internal/feedback"
)

const key = "patKEY.0123456789abcdef"

// base is the least that a server of a real base needs.
var base = []string{"AIRTABLE_API_KEY=" + key, "AIRTABLE_BASE_ID=appREAL"}

func load(t *testing.T, environ ...string) config.Config {
	t.Helper()
	c, err := config.Load(environ)
	if err != nil {
		t.Fatalf("Load:\n%v", err)
	}
	return c
}

func loadReal(t *testing.T, more ...string) config.Config {
	t.Helper()
	return load(t, slices.Concat(base, more)...)
}

func expect(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func reveal(secrets []access.Secret) []string {
	var texts []string
	for _, s := range secrets {
		texts = append(texts, s.Reveal())
	}
	return texts
}

func TestLoadEmptyEnvironment(t *testing.T) {
	c := load(t)
	expect(t, "emulator", c.Emulator, true)
	expect(t, "Airtable's table", c.Airtable.Table, "Lead Bugs")
	expect(t, "Airtable's URL", c.Airtable.URL, "")
	expect(t, "sim", c.Sim, config.Sim{Addr: "127.0.0.1:0", Table: "Lead Bugs"})
	expect(t, "store", c.Store, config.Store{})
	expect(t, "years", c.Years, feedback.Years{From: 2025})
	expect(t, "status field", c.Mapping.Names(feedback.Status), []string{"Status"})
	expect(t, "keep", c.Keep, 30)
	expect(t, "address", c.Addr, "127.0.0.1:8080")
	expect(t, "access", c.Access, access.Policy{Reads: access.PublicReads})
	expect(t, "debug", c.Debug, false)
	expect(t, "scheduler", c.Schedule.On, true)
	expect(t, "full", c.Schedule.Full.String(), "cron(59 23 ? * SUN *)")
	expect(t, "incremental", c.Schedule.Incremental.String(), "cron(0 9-21 ? * MON-FRI *)")
	expect(t, "sweep", c.Schedule.Sweep.String(), "cron(30 6 ? * MON-FRI *)")
	expect(t, "zone of the schedules", c.Schedule.Full.Zone(), "America/New_York")
	expect(t, "zone", c.Schedule.Zone.String(), "America/New_York")
	expect(t, "unused", c.Unused, []string(nil))
}

func TestLoadEveryVariable(t *testing.T) {
	c := loadReal(t,
		"AIRTABLE_TABLE_NAME=tblBUGS", "AIRTABLE_API_URL=https://proxy.example/airtable/",
		"FEEDBACK_YEARS=2023-2024", `FIELD_MAP={"status":"State"}`, `TEAM_MAP={"Login":"Identity"}`,
		"SNAPSHOT_STORE=file:///srv/voc%20data/", "SNAPSHOT_KEEP=3",
		"READ_ACCESS=token", "READ_TOKENS= 3f9c0d7a51e84b26, ,a84b1d0e5c7f9263 ,",
		"ADMIN_TOKENS=b7d1f0c4e2a95836", "TRUSTED_PROXIES=10.0.0.0/8, 192.0.2.1",
		"CORS_ORIGINS=https://App.example.com:443, https://*.example.com,"+
			"http://localhost:5173,http://[::1]:80",
		"SCHEDULE_FULL=cron(0 1 * * ? *)", "SCHEDULE_INCREMENTAL=cron(0 2 * * ? *)", "SCHEDULE_SWEEP=off",
		"SCHEDULE_TIMEZONE=Europe/Berlin", "SCHEDULE=off", "DEBUG_REFRESH=true", "ADDR=:9000")
	expect(t, "emulator", c.Emulator, false)
	expect(t, "key", c.Airtable.Key.Reveal(), key)
	expect(t, "base", c.Airtable.BaseID, "appREAL")
	expect(t, "table", c.Airtable.Table, "tblBUGS")
	expect(t, "URL", c.Airtable.URL, "https://proxy.example/airtable")
	expect(t, "years", c.Years, feedback.Years{From: 2023, To: 2024})
	expect(t, "status field", c.Mapping.Names(feedback.Status), []string{"State"})
	expect(t, "store", c.Store, config.Store{Dir: "/srv/voc data"})
	expect(t, "keep", c.Keep, 3)
	expect(t, "read access", c.Access.Reads, access.TokenReads)
	expect(t, "read tokens", reveal(c.Access.ReadTokens),
		[]string{"3f9c0d7a51e84b26", "a84b1d0e5c7f9263"})
	expect(t, "admin tokens", reveal(c.Access.AdminTokens), []string{"b7d1f0c4e2a95836"})
	expect(t, "proxies", fmt.Sprint(c.Access.Proxies), "[10.0.0.0/8 192.0.2.1/32]")
	expect(t, "warnings", c.Warnings, []error(nil))
	expect(t, "origins", c.Access.Origins,
		access.Origins{"https://app.example.com", "https://*.example.com", "http://localhost:5173",
			"http://[::1]"})
	expect(t, "scheduler", c.Schedule.On, false)
	expect(t, "full", c.Schedule.Full.String(), "cron(0 1 * * ? *)")
	expect(t, "incremental", c.Schedule.Incremental.String(), "cron(0 2 * * ? *)")
	expect(t, "sweep", c.Schedule.Sweep.String(), "off")
	expect(t, "zone", c.Schedule.Incremental.Zone(), "Europe/Berlin")
	expect(t, "debug", c.Debug, true)
	expect(t, "address", c.Addr, ":9000")
	expect(t, "unused", c.Unused, []string(nil))
}

func TestLoadBucket(t *testing.T) {
	c := loadReal(t, "SNAPSHOT_STORE=s3://voc-data.example/a/b_1/",
		"AWS_ENDPOINT_URL_S3=http://127.0.0.1:9000/")
	expect(t, "store", c.Store, config.Store{Bucket: "voc-data.example", Prefix: "a/b_1",
		Endpoint: "http://127.0.0.1:9000"})
	expect(t, "unused", c.Unused, []string(nil))
	c = loadReal(t, "SNAPSHOT_STORE=s3://voc-data")
	expect(t, "store without a prefix", c.Store, config.Store{Bucket: "voc-data"})
	c = loadReal(t, "SNAPSHOT_STORE=file:///srv/voc", "AWS_ENDPOINT_URL_S3=http://127.0.0.1:9000/")
	expect(t, "a directory", c.Store, config.Store{Dir: "/srv/voc"})
	expect(t, "unused with a directory", c.Unused, []string{"AWS_ENDPOINT_URL_S3"})
}

func TestLoadTeamMap(t *testing.T) {
	same, err := feedback.NewMapping("", `{"Login":"Identity"}`)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := same.MarshalJSON()
	got, _ := load(t, `TEAM_MAP={"Login":"Identity"}`).Mapping.MarshalJSON()
	expect(t, "mapping", string(got), string(want))
}

func TestLoadEmptyVariables(t *testing.T) {
	var empty []string
	for _, v := range config.Variables() {
		empty = append(empty, v.Name+"=")
	}
	c := load(t, empty...)
	expect(t, "emulator", c.Emulator, true)
	expect(t, "keep", c.Keep, 30)
	expect(t, "read access", c.Access.Reads, access.PublicReads)
	expect(t, "unused", c.Unused, []string(nil))
}

func TestLoadTrimsSpace(t *testing.T) {
	c := load(t, "AIRTABLE_API_KEY="+key+"\n", "AIRTABLE_BASE_ID= appREAL", "SNAPSHOT_KEEP=\t7 ")
	expect(t, "key", c.Airtable.Key.Reveal(), key)
	expect(t, "base", c.Airtable.BaseID, "appREAL")
	expect(t, "keep", c.Keep, 7)
}

func TestLoadIgnoresProcessEnvironment(t *testing.T) {
	t.Setenv("AIRTABLE_API_KEY", key)
	t.Setenv("SNAPSHOT_KEEP", "0")
	expect(t, "keep", load(t).Keep, 30)
}

func TestLoadRealBaseDefaults(t *testing.T) {
	c := loadReal(t)
	expect(t, "URL", c.Airtable.URL, "https://api.airtable.com")
	expect(t, "store", c.Store.Dir, "data/appREAL")
}

func TestWithEmulator(t *testing.T) {
	emulator := config.Airtable{Key: access.NewSecret("sim"), BaseID: "appSIM", Table: "Lead Bugs",
		URL: "http://127.0.0.1:4711"}
	c := load(t, "AIRTABLE_SIM_DATA=bugs.jsonl.gz", "AIRTABLE_SIM_ADDR=127.0.0.1:4711",
		"ADMIN_TOKENS=try")
	expect(t, "sim", c.Sim, config.Sim{Data: "bugs.jsonl.gz", Addr: "127.0.0.1:4711",
		Table: "Lead Bugs"})
	expect(t, "unused", c.Unused, []string(nil))
	c = c.WithEmulator(emulator)
	expect(t, "key", c.Airtable.Key.Reveal(), "sim")
	expect(t, "base", c.Airtable.BaseID, "appSIM")
	expect(t, "URL", c.Airtable.URL, "http://127.0.0.1:4711")
	expect(t, "store", c.Store.Dir, "data/appSIM")
	expect(t, "emulator", c.Emulator, true)
}

func TestWithEmulatorPanicsOnRealBase(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("WithEmulator did not panic")
		}
	}()
	loadReal(t).WithEmulator(config.Airtable{BaseID: "appSIM"})
}

func TestLoadDefaultReadAccess(t *testing.T) {
	for name, test := range map[string]struct {
		environ []string
		want    access.Reads
	}{
		"127.0.0.1":                  {[]string{"ADDR=127.0.0.1:80"}, access.PublicReads},
		"elsewhere in 127.0.0.0/8":   {[]string{"ADDR=127.9.9.9:80"}, access.PublicReads},
		"::1":                        {[]string{"ADDR=[::1]:80"}, access.PublicReads},
		"localhost":                  {[]string{"ADDR=LocalHost:80"}, access.PublicReads},
		"every address":              {[]string{"ADDR=:80"}, access.TokenReads},
		"0.0.0.0":                    {[]string{"ADDR=0.0.0.0:80"}, access.TokenReads},
		"an address":                 {[]string{"ADDR=192.168.1.7:80"}, access.TokenReads},
		"a name that looks like one": {[]string{"ADDR=127.0.0.1.example.com:80"}, access.TokenReads},
		"public on every address":    {[]string{"ADDR=:80", "READ_ACCESS=public"}, access.PublicReads},
		"token on loopback":          {[]string{"READ_ACCESS=token"}, access.TokenReads},
	} {
		t.Run(name, func(t *testing.T) {
			c := load(t, append(test.environ, "ADMIN_TOKENS=b7d1f0c4e2a95836")...)
			expect(t, "read access", c.Access.Reads, test.want)
		})
	}
}

// TestLoadWeakTokens: tokens that can be guessed are a warning where only this machine can connect,
// and a mistake elsewhere.
func TestLoadWeakTokens(t *testing.T) {
	const strong, other = "b7d1f0c4e2a95836", "3f9c0d7a51e84b26"
	for name, test := range map[string]struct {
		environ []string
		want    []string // the variables with a problem or a warning
	}{
		"strong":      {[]string{"READ_TOKENS=" + strong, "ADMIN_TOKENS=" + other}, nil},
		"short":       {[]string{"READ_TOKENS=try", "ADMIN_TOKENS=" + other}, []string{"READ_TOKENS"}},
		"short admin": {[]string{"ADMIN_TOKENS=" + strong + ",try"}, []string{"ADMIN_TOKENS"}},
		"shared": {
			[]string{"READ_TOKENS=" + strong, "ADMIN_TOKENS=" + strong}, []string{"READ_TOKENS"},
		},
		"of a page": {[]string{"ADMIN_TOKENS=this-is-an-example"}, []string{"ADMIN_TOKENS"}},
		"both": {
			[]string{"READ_TOKENS=r", "ADMIN_TOKENS=a"}, []string{"READ_TOKENS", "ADMIN_TOKENS"},
		},
		"without use":  {[]string{"READ_ACCESS=public", "READ_TOKENS=r"}, nil},
		"none at all":  {[]string{"READ_ACCESS=public"}, nil},
		"admin public": {[]string{"READ_ACCESS=public", "ADMIN_TOKENS=a"}, []string{"ADMIN_TOKENS"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Load(append(test.environ, "ADDR=:80"))
			expect(t, "elsewhere", variables(err), test.want)
			c := load(t, append([]string{"READ_ACCESS=token"}, test.environ...)...)
			var warned []string
			for _, warning := range c.Warnings {
				variable, _, _ := strings.Cut(warning.Error(), ":")
				warned = append(warned, variable)
			}
			expect(t, "on loopback", warned, test.want)
		})
	}
}

func TestLoadSim(t *testing.T) {
	sim, err := config.LoadSim([]string{"AIRTABLE_SIM_DATA=a.jsonl", "AIRTABLE_SIM_ADDR=:4711",
		"AIRTABLE_TABLE_NAME=Bugs",
		"AIRTABLE_API_URL=http://127.0.0.1:4711", "SNAPSHOT_KEEP=0", "READ_ACCESS=token", "FIELD_MAP=no"})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "sim", sim, config.Sim{Data: "a.jsonl", Addr: ":4711", Table: "Bugs"})
	_, err = config.LoadSim([]string{"AIRTABLE_SIM_DATA=a.csv", "AIRTABLE_SIM_ADDR=4711",
		"AIRTABLE_TABLE_NAME= ", "SNAPSHOT_KEEP=0"})
	expect(t, "variables", variables(err),
		[]string{"AIRTABLE_TABLE_NAME", "AIRTABLE_SIM_DATA", "AIRTABLE_SIM_ADDR"})
}

func TestLoadUnused(t *testing.T) {
	c := loadReal(t,
		"NOTIFY_WEBHOOK_URL=https://hooks.example",
		"REFRESH_MODE=full", "REFRESH_FULL_FUNCTION=f",
		"REFRESH_INCREMENTAL_FUNCTION=i", "AWS_ENDPOINT_URL_S3=http://minio:9000",
		"AIRTABLE_SIM_DATA=a.jsonl", "AIRTABLE_SIM_ADDR=:1",
		"READ_TOKENS=open-anyway", "UNRELATED=1")
	expect(t, "unused", c.Unused, []string{"READ_TOKENS",
		"REFRESH_MODE", "REFRESH_FULL_FUNCTION", "REFRESH_INCREMENTAL_FUNCTION", "AIRTABLE_SIM_DATA",
		"AIRTABLE_SIM_ADDR",
		"AWS_ENDPOINT_URL_S3"})
}

// Without PRIVATE_FIELDS, what readers see depends on whether they need a token.
func TestPrivacyDefaults(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		want    string // of Privacy.String
	}{
		"public, on loopback by default": {nil, "the addresses of reporter_email are masked, " +
			"`fields` of a record is limited to the columns that a key reads"},
		"public": {[]string{"READ_ACCESS=public"}, "the addresses of reporter_email are masked, " +
			"`fields` of a record is limited to the columns that a key reads"},
		"with a token": {[]string{"READ_ACCESS=token", "READ_TOKENS=reading"},
			"`fields` of a record shows every other column of the table"},
		"public, everything": {[]string{"READ_ACCESS=public", "PRIVATE_FIELDS=none"},
			"`fields` of a record shows every other column of the table"},
		"with a token, by name": {[]string{"READ_ACCESS=token", "READ_TOKENS=reading",
			"PRIVATE_FIELDS=Plan, notes"}, "nothing of notes, Plan is shown, " +
			"`fields` of a record shows every other column of the table"},
	} {
		got, err := config.Load(c.environ)
		if err != nil || got.Privacy.String() != c.want {
			t.Errorf("%s: %s, %v", name, got.Privacy, err)
		}
	}
	refresh, err := config.LoadFunction(config.Refresh,
		append([]string{"READ_ACCESS=public"}, refreshFunction...))
	if err != nil || refresh.Privacy.IsZero() {
		t.Errorf("the refresh function hides %+v, %v", refresh.Privacy, err)
	}
}
