package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"voc/internal/access"
	"voc/internal/feedback"
	"voc/internal/schedule"
)

// realBase are the variables that name a real base or its store: the emulator is due only if none is set.
var realBase = []string{"AIRTABLE_API_KEY", "AIRTABLE_API_KEY_PARAMETER", "AIRTABLE_BASE_ID", "AIRTABLE_API_URL", "SNAPSHOT_STORE"}

func (r *reading) emulator() bool { return r.host == Server && len(r.givenOf(realBase)) == 0 }

func (r *reading) airtable() Airtable {
	if r.emulator() {
		return Airtable{Table: r.TableName}
	}
	if r.host != API { // which never calls Airtable
		r.checkParameter("AIRTABLE_API_KEY")
		r.require("AIRTABLE_API_KEY")
	}
	r.require("AIRTABLE_BASE_ID")
	if r.APIURL.clear() && !r.local { // which reaches the emulator on a network of its own
		r.wrong.add("AIRTABLE_API_URL", errors.New("must be https, or the token would travel in clear; http is for this machine alone (127.0.0.1, ::1, localhost)"))
	}
	return Airtable{Key: r.APIKey, BaseID: string(r.BaseID), Table: r.TableName, URL: string(r.APIURL)}
}

// require refuses to go on without a variable.
func (r *reading) require(variable string) {
	if r.has(variable) || r.wrong.about(variable, variable+parameter) || r.host != Server && r.has(variable+parameter) {
		return
	}
	switch {
	case r.host == Server: // what is set shows that a real base is meant
		r.wrong.add(variable, fmt.Errorf("is missing: set it (sample data is served only with %s unset too)", strings.Join(r.givenOf(realBase), ", ")))
	case slices.ContainsFunc(Variables(), func(v Variable) bool { return v.Name == variable+parameter }):
		r.wrong.add(variable+parameter, errors.New("is missing: set it to the name of an SSM SecureString"))
	default:
		r.wrong.add(variable, errors.New("is missing: the template sets it"))
	}
}

// checkParameter finds a secret whose place is wrong or not clear.
func (r *reading) checkParameter(variable string) {
	switch {
	case !r.has(variable + parameter):
	case r.host == Server:
		r.wrong.add(variable+parameter, fmt.Errorf("the server does not ask SSM, only the deployed functions do: put the value in %s", variable))
	case r.has(variable):
		r.wrong.add(variable+parameter, fmt.Errorf("is set beside %s: keep one of the two", variable))
	}
}

func (r *reading) reads(v Variable) bool { return slices.Contains(v.Hosts, r.host) }

func (r *reading) sim() Sim {
	return Sim{Data: string(r.SimData), Addr: string(r.SimAddr), Table: r.TableName}
}

// mapping relies on NewMapping to begin each line of its error with the variable.
func (r *reading) mapping() feedback.Mapping {
	mapping, err := feedback.NewMapping(r.FieldMap, r.TeamMap)
	if err == nil {
		return mapping
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		variable, problem, _ := strings.Cut(line, ": ")
		r.wrong.add(variable, errors.New(problem))
	}
	return feedback.Mapping{}
}

// policy returns the zero Policy for the refresh function, which serves no requests.
func (r *reading) policy() access.Policy {
	if r.host == Refresh {
		return access.Policy{}
	}
	r.checkParameter("READ_TOKENS")
	r.checkParameter("ADMIN_TOKENS")
	r.checkParameter("DASHBOARD_USERS")
	p := access.Policy{
		Reads:        r.readAccess(),
		ReadTokens:   r.ReadTokens,
		AdminTokens:  r.AdminTokens,
		Origins:      r.Origins,
		Users:        r.users(),
		TokensUnread: r.has("READ_TOKENS"+parameter) || r.has("ADMIN_TOKENS"+parameter),
		UsersUnread:  r.has("DASHBOARD_USERS" + parameter),
	}
	if p.Reads == access.JWTReads && r.host == Server {
		r.wrong.add("READ_ACCESS", errors.New("jwt works only behind API Gateway, which checks the token; the server does not: use token or public"))
	}
	if p.Reads != access.TokenReads || len(p.ReadTokens)+len(p.AdminTokens) > 0 || p.TokensUnread ||
		r.wrong.about("READ_ACCESS", "ADDR", "READ_TOKENS", "READ_TOKENS"+parameter, "ADMIN_TOKENS", "ADMIN_TOKENS"+parameter) {
		return p
	}
	r.wrong.add("READ_ACCESS", r.tokensMissing())
	return p
}

func (r *reading) users() []access.User {
	if r.Users == "" {
		return nil
	}
	users, err := access.ParseUsers(r.Users)
	r.wrong.addEach("DASHBOARD_USERS", err)
	return users
}

func (r *reading) tokensMissing() error {
	switch {
	case r.host != Server:
		return errors.New("is token, but there is no token: set READ_TOKENS_PARAMETER or ADMIN_TOKENS_PARAMETER, or READ_ACCESS=public")
	case r.has("READ_ACCESS"):
		return errors.New("is token, but there is no token: set READ_TOKENS or ADMIN_TOKENS, or READ_ACCESS=public")
	}
	return errors.New("is token unless ADDR is on loopback, but there is no token: set READ_TOKENS or ADMIN_TOKENS, or READ_ACCESS=public")
}

// readAccess is public by default only where no other machine can connect.
func (r *reading) readAccess() access.Reads {
	switch {
	case r.ReadAccess != "":
		return r.ReadAccess
	case r.host == Server && r.Addr.loopback():
		return access.PublicReads
	}
	return access.TokenReads
}

func (r *reading) schedule() Schedule {
	s := Schedule{On: bool(r.Schedule), Zone: r.zone()}
	s.Full = r.due("SCHEDULE_FULL", r.Full, s.Zone)
	s.Incremental = r.due("SCHEDULE_INCREMENTAL", r.Incremental, s.Zone)
	if r.Sweep != "off" {
		s.Sweep = r.due("SCHEDULE_SWEEP", r.Sweep, s.Zone)
	}
	return s
}

// zone refuses Local, which is no zone of IANA's: what it means depends on the host.
func (r *reading) zone() *time.Location {
	zone, err := time.LoadLocation(r.Zone)
	if err != nil || r.Zone == "Local" {
		r.wrong.add("SCHEDULE_TIMEZONE", fmt.Errorf("no time zone %q: use an IANA name such as America/New_York or UTC", r.Zone))
	}
	return zone
}

func (r *reading) due(variable, expression string, zone *time.Location) schedule.Schedule {
	s, err := schedule.Parse(expression, zone)
	if err != nil {
		r.wrong.add(variable, err)
	}
	return s
}

// unused returns what is set and has no effect.
func (r *reading) unused() []string {
	overruled := map[string]bool{
		"AIRTABLE_SIM_DATA":   !r.emulator(),
		"AIRTABLE_SIM_ADDR":   !r.emulator(),
		"READ_TOKENS":         r.readAccess() != access.TokenReads,
		"AWS_ENDPOINT_URL_S3": r.Store.Bucket == "",
	}
	var unused []string
	for _, v := range Variables() {
		if r.has(v.Name) && (!r.reads(v) || overruled[v.Name]) {
			unused = append(unused, v.Name)
		}
	}
	return unused
}

// givenOf returns those of the variables that are set.
func (r *reading) givenOf(variables []string) []string {
	var given []string
	for _, variable := range variables {
		if r.has(variable) {
			given = append(given, variable)
		}
	}
	return given
}
