package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
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
		Emulator:     l.emulator,
		Sim:          Sim{Data: l.simData, Addr: l.simAddr, Table: l.tableName},
		Years:        l.years,
		Store:        l.store,
		Keep:         l.keep,
		MaxShrink:    l.maxShrink,
		MonthlyCalls: l.monthlyCalls,
		Access:       l.policy(),
		Schedule:     l.schedule(),
		Function: Function{
			Mode: l.refreshMode, Full: l.fullFunction, Incremental: l.incrementalFunction,
		},
		Webhook:   l.webhook,
		Heartbeat: l.heartbeat,
		Debug:     l.debugRefresh,
		Addr:      l.addr,

		NearMisses: l.nearMisses,
	}
	if c.Store.Bucket != "" {
		c.Store.Endpoint = l.endpoint()
	}
	var err error
	c.Mapping, err = feedback.NewMapping(l.fieldMap, l.teamMap)
	if e, ok := errors.AsType[*feedback.MappingError](err); ok {
		l.problems.addJoined("FIELD_MAP", e.Fields)
		l.problems.addJoined("TEAM_MAP", e.Teams)
	} else {
		c.Privacy = l.privacy(c.Mapping)
	}
	l.checkParameter("NOTIFY_WEBHOOK_URL")
	l.checkParameter("HEARTBEAT_URL")
	overridden := map[string]bool{
		"AIRTABLE_SIM_DATA":   !c.Emulator,
		"AIRTABLE_SIM_ADDR":   !c.Emulator,
		"READ_TOKENS":         c.Access.Reads != access.TokenReads,
		"AWS_ENDPOINT_URL_S3": c.Store.Bucket == "",
	}
	for _, v := range table {
		if l.set[v.Name] != "" && (!l.uses(v) || overridden[v.Name]) {
			c.Unused = append(c.Unused, v.Name)
		}
	}
	for _, weak := range l.weakTokens {
		c.Warnings = append(c.Warnings, fmt.Errorf("%s: %w. Only requests of this machine are "+
			"answered now; elsewhere voc rejects such a token", weak.variable, weak.err))
	}
	if err := l.err(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// err returns all mistakes as one error. A misspelled name may be the cause of any of them.
func (l *loader) err() error {
	if len(l.problems) == 0 {
		return nil
	}
	for _, miss := range l.nearMisses {
		if !slices.Contains(realBase, miss.Meant) || !l.problems.with(miss.Meant) {
			l.problems.add(miss.Meant, fmt.Errorf("%s, which is set, has no meaning: "+
				"rename it if %s is meant", miss.Name, miss.Meant))
		}
	}
	return l.problems.err()
}

// endpoint returns the URL of an S3-compatible server, which AWS_ENDPOINT_URL gives for all
// services.
func (l *loader) endpoint() string {
	if l.awsEndpoint == "" {
		return l.s3Endpoint
	}
	endpoint, err := parseEndpoint(trim(l.awsEndpoint))
	if err != nil {
		l.problems.add("AWS_ENDPOINT_URL", err)
	}
	return endpoint
}

func (l *loader) airtable() Airtable {
	if l.emulator {
		for _, variable := range realBase {
			if name := l.meant(variable); name != "" {
				l.problems.add(variable, fmt.Errorf("is not set, and %s, which is, has no meaning: "+
					"rename it to %s, or unset it to serve sample data", name, variable))
			}
		}
		return Airtable{Table: l.tableName}
	}
	if l.uses(Variable{Hosts: refreshing}) {
		l.checkParameter("AIRTABLE_API_KEY")
		l.require("AIRTABLE_API_KEY")
	}
	l.require("AIRTABLE_BASE_ID")
	u, err := url.Parse(l.apiURL)
	// Under sam local, a function reaches the emulator over Docker's network.
	if err == nil && u.Scheme == "http" && !isLoopback(u.Hostname()) && !l.samLocal {
		l.problems.add("AIRTABLE_API_URL", errors.New("must be https, or the token would travel "+
			"in clear text; http is accepted only for this machine (127.0.0.1, ::1, localhost)"))
	}
	return Airtable{Key: l.apiKey, BaseID: l.baseID, Table: l.tableName, URL: l.apiURL}
}

// require adds a problem if a variable is missing.
func (l *loader) require(variable string) {
	parameter := variable + parameterSuffix
	if l.set[variable] != "" || l.problems.with(variable, parameter) ||
		l.host != Server && l.set[parameter] != "" {
		return
	}
	switch {
	case l.meant(variable) != "":
		l.problems.add(variable, fmt.Errorf("is missing, and %s, which is set, has no meaning: "+
			"rename it to %s", l.meant(variable), variable))
	case l.host == Server: // the variables that are set show that a real base is meant
		l.problems.add(variable, fmt.Errorf("is missing: set it (sample data is served only with "+
			"%s unset)", strings.Join(l.realSet, ", ")))
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
	case l.set[parameter] == "":
	case l.host == Server:
		l.problems.add(parameter, fmt.Errorf("the server does not read SSM, only the deployed "+
			"functions do: put the value in %s", variable))
	case l.set[variable] != "":
		l.problems.add(parameter, fmt.Errorf("is set as well as %s: keep one of the two", variable))
	}
}

// policy returns a Policy that says only who reads for the functions that serve no requests.
func (l *loader) policy() access.Policy {
	if !l.uses(Variable{Hosts: serving}) {
		return access.Policy{Reads: l.readAccess()}
	}
	l.checkParameter("READ_TOKENS")
	l.checkParameter("ADMIN_TOKENS")
	l.checkParameter("DASHBOARD_USERS")
	p := access.Policy{
		Reads:        l.readAccess(),
		ReadTokens:   l.readTokens,
		AdminTokens:  l.adminTokens,
		Origins:      l.origins,
		Proxies:      l.proxies,
		TokensUnread: l.readTokensParameter != "" || l.adminTokensParameter != "",
		UsersUnread:  l.usersParameter != "",
	}
	l.checkTokens(p)
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
		is, set := "is token", "READ_TOKENS or ADMIN_TOKENS"
		if l.host != Server {
			set = "READ_TOKENS_PARAMETER or ADMIN_TOKENS_PARAMETER"
		} else if l.reads == "" {
			is = "is token unless ADDR is on loopback"
		}
		l.problems.add("READ_ACCESS", fmt.Errorf(
			"%s, but there is no token: set %s, or READ_ACCESS=public", is, set))
	}
	return p
}

// readAccess returns what is configured. The default is public only where no other machine can
// connect.
func (l *loader) readAccess() access.Reads {
	switch {
	case l.reads != "":
		return l.reads
	case l.isLocal():
		return access.PublicReads
	}
	return access.TokenReads
}

// privacy returns what readers never see. Without a word about it, reads without a token show
// less than others.
func (l *loader) privacy(mapping feedback.Mapping) (p feedback.Privacy) {
	var err error
	switch {
	case l.privateFields != "":
		p, err = feedback.ParsePrivacy(l.privateFields, mapping)
		l.problems.addJoined("PRIVATE_FIELDS", err)
	case l.readAccess() == access.PublicReads:
		p = feedback.DefaultPrivacy(mapping)
	}
	return p
}

// isLocal reports whether no other machine can connect.
func (l *loader) isLocal() bool {
	host, _, _ := net.SplitHostPort(l.addr)
	return l.host == Server && isLoopback(host)
}

// checkTokens rejects tokens that can be guessed or that readers share with admins. Where no other
// machine can connect, they are warnings.
func (l *loader) checkTokens(p access.Policy) {
	if p.Reads != access.TokenReads {
		p.ReadTokens = nil // they have no effect
	}
	ofReads, ofAdmins := access.WeakTokens(p.ReadTokens, p.AdminTokens)
	found := problems{}
	for _, err := range ofReads {
		found.add("READ_TOKENS", err)
	}
	for _, err := range ofAdmins {
		found.add("ADMIN_TOKENS", err)
	}
	if l.isLocal() || l.samLocal {
		l.weakTokens = found
		return
	}
	l.problems = append(l.problems, found...)
}

func (l *loader) schedule() Schedule {
	zone, err := time.LoadLocation(l.zone)
	if err != nil || l.zone == "Local" { // whose meaning depends on the machine
		l.problems.add("SCHEDULE_TIMEZONE", fmt.Errorf(
			"no time zone %q: use an IANA name such as America/New_York or UTC", l.zone))
	}
	s := Schedule{On: l.values.schedule, Zone: zone}
	s.Full = l.cron("SCHEDULE_FULL", l.full, zone)
	s.Incremental = l.cron("SCHEDULE_INCREMENTAL", l.incremental, zone)
	if l.sweep != "off" {
		s.Sweep = l.cron("SCHEDULE_SWEEP", l.sweep, zone)
	}
	return s
}

func (l *loader) cron(variable, expression string, zone *time.Location) schedule.Schedule {
	s, err := schedule.Parse(expression, zone)
	if err != nil {
		l.problems.add(variable, err)
	}
	return s
}
