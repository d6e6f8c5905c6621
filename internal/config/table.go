package config

import "slices"

// Variable is a row of the table of variables.
type Variable struct {
	Name     string
	Hosts    []Host // that read it; elsewhere, setting it is an error or in Config.Unused
	Default  string // "" for none
	Computed bool   // Default is a description, since the value depends on other settings
	Meaning  string
}

// Variables returns the table in the contract's order.
func Variables() []Variable { return slices.Clone(table) }

// table has every variable. One without hosts is reserved: no program reads it yet.
var table = []Variable{
	{Name: "AIRTABLE_API_KEY", Hosts: refreshing,
		Meaning: "personal access token"},
	{Name: "AIRTABLE_API_KEY_PARAMETER", Hosts: refreshOnly,
		Meaning: "functions: name of the SSM SecureString that holds it"},
	{Name: "AIRTABLE_BASE_ID", Hosts: allHosts,
		Meaning: "id of the base, app…"},
	{Name: "AIRTABLE_TABLE_NAME", Hosts: allHosts, Default: "Lead Bugs",
		Meaning: "name of the table, or its id, tbl…"},
	{Name: "AIRTABLE_API_URL", Hosts: refreshing, Default: "https://api.airtable.com",
		Meaning: "URL of the Airtable Web API; http is accepted only for this machine"},
	{Name: "FEEDBACK_YEARS", Hosts: refreshing, Default: "2025-",
		Meaning: "years (UTC) to keep: 2025, 2024-2025, 2025- or all"},
	{Name: "FIELD_MAP", Hosts: allHosts, Default: "{}",
		Meaning: "JSON object from key to an Airtable field or a list of fields; overrides the " +
			"defaults"},
	{Name: "TEAM_MAP", Hosts: refreshing, Default: "{}",
		Meaning: "JSON object from area to team"},
	{Name: "AIRTABLE_MONTHLY_CALLS", Hosts: allHosts, Default: "0",
		Meaning: "cap on Airtable calls in a UTC month; 0 for no cap"},
	{Name: "SNAPSHOT_STORE", Hosts: allHosts, Default: "server: ./data/<base id>", Computed: true,
		Meaning: "s3://bucket/prefix or file:///directory; holds one base and table"},
	{Name: "SNAPSHOT_KEEP", Hosts: refreshing, Default: "30",
		Meaning: "number of snapshots to retain for rollback"},
	{Name: "MAX_SHRINK_PERCENT", Hosts: refreshing, Default: "20",
		Meaning: "the publish gate rejects a refresh that would remove more than this share of " +
			"the records"},
	{Name: "READ_ACCESS", Hosts: allHosts,
		Default: "token deployed, public for the server on loopback", Computed: true,
		Meaning: "who may read: public, token, or jwt (only behind API Gateway, which verifies it)"},
	{Name: "READ_TOKENS", Hosts: serving,
		Meaning: "comma-separated bearer tokens that may read"},
	{Name: "READ_TOKENS_PARAMETER", Hosts: apiOnly,
		Meaning: "functions: name of the SSM SecureString that holds them"},
	{Name: "ADMIN_TOKENS", Hosts: serving,
		Meaning: "comma-separated bearer tokens that may start refreshes"},
	{Name: "ADMIN_TOKENS_PARAMETER", Hosts: apiOnly,
		Meaning: "functions: name of the SSM SecureString that holds them"},
	{Name: "PRIVATE_FIELDS", Hosts: allHosts,
		Default:  "public: reporter_email:mask and every field that no key reads; else none",
		Computed: true,
		Meaning: "keys or Airtable fields that readers never see, comma-separated or a JSON list; " +
			"key:mask masks an address, none hides nothing"},
	{Name: "TRUSTED_PROXIES", Hosts: serverOnly,
		Meaning: "comma-separated networks (CIDR) of proxies whose X-Forwarded-For is believed, for " +
			"the sign-in's throttle and the log"},
	{Name: "CORS_ORIGINS", Hosts: serving,
		Meaning: "comma-separated origins whose pages may read, exact or https://*.example.com"},
	{Name: "DASHBOARD_USERS", Hosts: serving,
		Meaning: "JSON object from email to name, role and password_hash (bcrypt), for the " +
			"dashboard's sign-in"},
	{Name: "DASHBOARD_USERS_PARAMETER", Hosts: apiOnly,
		Meaning: "functions: name of the SSM SecureString that holds it"},
	{Name: "NOTIFY_WEBHOOK_URL", Hosts: notifying,
		Meaning: "Slack-compatible webhook: one message when something breaks, one when it is over"},
	{Name: "NOTIFY_WEBHOOK_URL_PARAMETER", Hosts: watchFunctions,
		Meaning: "functions: name of the SSM SecureString that holds it"},
	{Name: "HEARTBEAT_URL", Hosts: refreshing,
		Meaning: "URL of a monitor such as healthchecks.io: requested after each refresh that " +
			"succeeded, with /fail after one that failed"},
	{Name: "HEARTBEAT_URL_PARAMETER", Hosts: refreshOnly,
		Meaning: "functions: name of the SSM SecureString that holds it"},
	{Name: "SCHEDULE_FULL", Hosts: allHosts, Default: "cron(59 23 ? * SUN *)",
		Meaning: "when a full refresh is due, as an EventBridge cron expression"},
	{Name: "SCHEDULE_INCREMENTAL", Hosts: allHosts, Default: "cron(0 9-21 ? * MON-FRI *)",
		Meaning: "when an incremental refresh is due"},
	{Name: "SCHEDULE_SWEEP", Hosts: allHosts, Default: "cron(30 6 ? * MON-FRI *)",
		Meaning: "when a sweep for deleted records and computed values is due, or off"},
	{Name: "SCHEDULE_TIMEZONE", Hosts: allHosts, Default: "America/New_York",
		Meaning: "time zone of the schedules, an IANA name"},
	{Name: "SCHEDULE", Hosts: allHosts, Default: "on",
		Meaning: "off stops the server's scheduler, and catch-up; the API says so if data is stale"},
	{Name: "REFRESH_MODE", Hosts: watchFunctions, Default: "set by the template", Computed: true,
		Meaning: "refresh and watch functions: mode of an event that names none"},
	{Name: "REFRESH_FULL_FUNCTION", Hosts: invoking, Default: "set by the template", Computed: true,
		Meaning: "API and watch functions: the function that runs a full refresh or a sweep"},
	{Name: "REFRESH_INCREMENTAL_FUNCTION", Hosts: invoking,
		Default: "set by the template", Computed: true,
		Meaning: "API and watch functions: the function that runs an incremental refresh or a rollback"},
	{Name: "DEBUG_REFRESH", Hosts: refreshing, Default: "false",
		Meaning: "true logs one line for each page read from Airtable"},
	{Name: "ADDR", Hosts: serverOnly, Default: "127.0.0.1:8080",
		Meaning: "server: listen address; if it is unset and PORT is set, as Render and Cloud Run " +
			"do, 0.0.0.0:$PORT (not with sample data)"},
	{Name: "AIRTABLE_SIM_DATA", Hosts: serverOnly,
		Meaning: "emulator: .jsonl or .jsonl.gz file to serve instead of the sample base, one " +
			"Airtable record a line"},
	{Name: "AIRTABLE_SIM_ADDR", Hosts: serverOnly, Default: "127.0.0.1:0",
		Meaning: "emulator: listen address"},
	{Name: "AWS_ENDPOINT_URL_S3", Hosts: allHosts,
		Meaning: "the AWS SDK's own: URL of an S3-compatible store (MinIO, R2, versitygw), " +
			"addressed path-style; AWS_ENDPOINT_URL counts if it is unset"},
}

var (
	allHosts    = []Host{Server, API, Refresh, Watch}
	serving     = []Host{Server, API}
	refreshing  = []Host{Server, Refresh}
	serverOnly  = []Host{Server}
	apiOnly     = []Host{API}
	refreshOnly = []Host{Refresh}

	notifying      = []Host{Server, Refresh, Watch}
	watchFunctions = []Host{Refresh, Watch}
	invoking       = []Host{API, Watch}
)
