package config

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"voc/internal/access"
	"voc/internal/feedback"
	"voc/internal/schedule"
)

// config applies the rules that join several variables.
func (l *loader) config() (Config, error) {
	c := Config{
		Airtable:     l.airtable(),
		Emulator:     l.emulator(),
		Sim:          l.sim(),
		Years:        l.years,
		Mapping:      l.mapping(),
		Store:        l.store(),
		Keep:         l.keep,
		MaxShrink:    l.maxShrink,
		MonthlyCalls: l.monthlyCalls,
		Access:       l.policy(),
		Schedule:     l.schedule(),
		Function: Function{
			Mode: l.refreshMode, Full: l.fullFunction, Incremental: l.incrementalFunction,
		},
		Debug:  l.debugRefresh,
		Addr:   l.addr,
		Unused: l.unused(),
	}
	if err := l.problems.err(); err != nil {
		return Config{}, err
	}
	return c, nil
}

func (l *loader) airtable() Airtable {
	if l.emulator() {
		return Airtable{Table: l.tableName}
	}
	if l.host != API { // which never calls Airtable
		l.checkParameter("AIRTABLE_API_KEY")
		l.require("AIRTABLE_API_KEY")
	}
	l.require("AIRTABLE_BASE_ID")
	if isCleartext(l.apiURL) && !l.samLocal { // which reaches the emulator over Docker's network
		l.problems.add("AIRTABLE_API_URL", errors.New("must be https, or the token would travel "+
			"in clear text; http is accepted only for this machine (127.0.0.1, ::1, localhost)"))
	}
	return Airtable{Key: l.apiKey, BaseID: l.baseID, Table: l.tableName, URL: l.apiURL}
}

// realBase are the variables that name a real base or its store. The emulator starts only if
// none is set.
var realBase = []string{
	"AIRTABLE_API_KEY", "AIRTABLE_API_KEY_PARAMETER", "AIRTABLE_BASE_ID", "AIRTABLE_API_URL",
	"SNAPSHOT_STORE",
}

func (l *loader) emulator() bool { return l.host == Server && len(l.setOf(realBase)) == 0 }

// require adds a problem if a variable is missing.
func (l *loader) require(variable string) {
	parameter := variable + parameterSuffix
	if l.isSet(variable) || l.problems.with(variable, parameter) ||
		l.host != Server && l.isSet(parameter) {
		return
	}
	switch {
	case l.host == Server: // the variables that are set show that a real base is meant
		l.problems.add(variable, fmt.Errorf("is missing: set it (sample data is served only with "+
			"%s unset)", strings.Join(l.setOf(realBase), ", ")))
	case slices.ContainsFunc(table, func(v Variable) bool { return v.Name == parameter }):
		l.problems.add(parameter,
			errors.New("is missing: set it to the name of an SSM SecureString"))
	default:
		l.problems.add(variable, errors.New("is missing: the template sets it"))
	}
}

// checkParameter adds a problem if the host cannot tell where a secret is.
func (l *loader) checkParameter(variable string) {
	parameter := variable + parameterSuffix
	switch {
	case !l.isSet(parameter):
	case l.host == Server:
		l.problems.add(parameter, fmt.Errorf("the server does not read SSM, only the deployed "+
			"functions do: put the value in %s", variable))
	case l.isSet(variable):
		l.problems.add(parameter, fmt.Errorf("is set as well as %s: keep one of the two", variable))
	}
}

func (l *loader) sim() Sim {
	return Sim{Data: l.simData, Addr: l.simAddr, Table: l.tableName}
}

func (l *loader) mapping() feedback.Mapping {
	mapping, err := feedback.NewMapping(l.fieldMap, l.teamMap)
	if e, ok := errors.AsType[*feedback.MappingError](err); ok {
		l.problems.addJoined("FIELD_MAP", e.Fields)
		l.problems.addJoined("TEAM_MAP", e.Teams)
	}
	return mapping
}

func (l *loader) store() Store {
	s := l.values.store
	if s.Bucket != "" {
		s.Endpoint = l.s3Endpoint
	}
	return s
}

// policy returns the zero Policy for the refresh function, which serves no requests.
func (l *loader) policy() access.Policy {
	if l.host == Refresh {
		return access.Policy{}
	}
	l.checkParameter("READ_TOKENS")
	l.checkParameter("ADMIN_TOKENS")
	l.checkParameter("DASHBOARD_USERS")
	p := access.Policy{
		Reads:        l.readAccess(),
		ReadTokens:   l.readTokens,
		AdminTokens:  l.adminTokens,
		Origins:      l.origins,
		TokensUnread: l.readTokensParameter != "" || l.adminTokensParameter != "",
		UsersUnread:  l.usersParameter != "",
	}
	if l.users != "" {
		var err error
		p.Users, err = access.ParseUsers(l.users)
		l.problems.addJoined("DASHBOARD_USERS", err)
	}
	if p.Reads == access.JWTReads && l.host == Server {
		l.problems.add("READ_ACCESS", errors.New("jwt works only behind API Gateway, which "+
			"verifies the token; the server does not: use token or public"))
	}
	if p.Reads == access.TokenReads && len(p.ReadTokens)+len(p.AdminTokens) == 0 &&
		!p.TokensUnread && !l.problems.with("READ_ACCESS", "ADDR", "READ_TOKENS",
		"READ_TOKENS_PARAMETER", "ADMIN_TOKENS", "ADMIN_TOKENS_PARAMETER") {
		l.problems.add("READ_ACCESS", l.errNoTokens())
	}
	return p
}

// readAccess returns what is configured. The default is public only where no other machine can
// connect.
func (l *loader) readAccess() access.Reads {
	host, _, _ := net.SplitHostPort(l.addr)
	switch {
	case l.reads != "":
		return l.reads
	case l.host == Server && isLoopback(host):
		return access.PublicReads
	}
	return access.TokenReads
}

func (l *loader) errNoTokens() error {
	is, set := "is token", "READ_TOKENS or ADMIN_TOKENS"
	switch {
	case l.host != Server:
		set = "READ_TOKENS_PARAMETER or ADMIN_TOKENS_PARAMETER"
	case l.reads == "":
		is = "is token unless ADDR is on loopback"
	}
	return fmt.Errorf("%s, but there is no token: set %s, or READ_ACCESS=public", is, set)
}

func (l *loader) schedule() Schedule {
	s := Schedule{On: l.values.schedule, Zone: l.timeZone()}
	s.Full = l.cron("SCHEDULE_FULL", l.full, s.Zone)
	s.Incremental = l.cron("SCHEDULE_INCREMENTAL", l.incremental, s.Zone)
	if l.sweep != "off" {
		s.Sweep = l.cron("SCHEDULE_SWEEP", l.sweep, s.Zone)
	}
	return s
}

// timeZone rejects Local, which LoadLocation accepts: its meaning depends on the machine.
func (l *loader) timeZone() *time.Location {
	zone, err := time.LoadLocation(l.zone)
	if err != nil || l.zone == "Local" {
		l.problems.add("SCHEDULE_TIMEZONE", fmt.Errorf(
			"no time zone %q: use an IANA name such as America/New_York or UTC", l.zone))
	}
	return zone
}

func (l *loader) cron(variable, expression string, zone *time.Location) schedule.Schedule {
	s, err := schedule.Parse(expression, zone)
	if err != nil {
		l.problems.add(variable, err)
	}
	return s
}

// unused returns the variables that are set and have no effect.
func (l *loader) unused() []string {
	overridden := map[string]bool{
		"AIRTABLE_SIM_DATA":   !l.emulator(),
		"AIRTABLE_SIM_ADDR":   !l.emulator(),
		"READ_TOKENS":         l.readAccess() != access.TokenReads,
		"AWS_ENDPOINT_URL_S3": l.values.store.Bucket == "",
	}
	var unused []string
	for _, v := range table {
		if l.isSet(v.Name) && (!l.uses(v) || overridden[v.Name]) {
			unused = append(unused, v.Name)
		}
	}
	return unused
}
