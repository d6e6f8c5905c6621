package config_test

import (
	"slices"
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
		"READ_ACCESS=token", "READ_TOKENS= one, ,two ,", "ADMIN_TOKENS=try",
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
	expect(t, "read tokens", reveal(c.Access.ReadTokens), []string{"one", "two"})
	expect(t, "admin tokens", reveal(c.Access.AdminTokens), []string{"try"})
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
			c := load(t, append(test.environ, "ADMIN_TOKENS=try")...)
			expect(t, "read access", c.Access.Reads, test.want)
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
