package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"voc/internal/feedback"
	"voc/internal/schedule"
)

// realBase are the variables that name a real base or its store: the emulator is due only if none is set.
var realBase = []string{"AIRTABLE_API_KEY", "AIRTABLE_API_KEY_PARAMETER", "AIRTABLE_BASE_ID", "AIRTABLE_API_URL", "SNAPSHOT_STORE"}

func (r *reading) emulator() bool { return len(r.givenOf(realBase)) == 0 }

func (r *reading) airtable() Airtable {
	if r.emulator() {
		return Airtable{Table: r.TableName}
	}
	r.refuseParameter("AIRTABLE_API_KEY")
	r.require("AIRTABLE_API_KEY")
	r.require("AIRTABLE_BASE_ID")
	return Airtable{Key: r.APIKey, BaseID: string(r.BaseID), Table: r.TableName, URL: string(r.APIURL)}
}

// require refuses to go on without a variable, for what is set shows that a real base is meant.
func (r *reading) require(variable string) {
	if r.has(variable) || r.wrong.about(variable, variable+parameter) {
		return
	}
	r.wrong.add(variable, fmt.Errorf("is missing: set it (sample data is served only with %s unset too)",
		strings.Join(r.givenOf(realBase), ", ")))
}

const parameter = "_PARAMETER"

func (r *reading) refuseParameter(variable string) {
	if r.has(variable + parameter) {
		r.wrong.add(variable+parameter, fmt.Errorf("the server does not ask SSM, only the deployed functions do: put the value in %s", variable))
	}
}

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

func (r *reading) access() Access {
	r.refuseParameter("READ_TOKENS")
	r.refuseParameter("ADMIN_TOKENS")
	a := Access{Read: r.readAccess(), ReadTokens: r.ReadTokens, AdminTokens: r.AdminTokens, Origins: r.Origins}
	if a.Read != Token || len(a.ReadTokens)+len(a.AdminTokens) > 0 ||
		r.wrong.about("READ_ACCESS", "ADDR", "READ_TOKENS", "READ_TOKENS"+parameter, "ADMIN_TOKENS", "ADMIN_TOKENS"+parameter) {
		return a
	}
	why := "is token"
	if !r.has("READ_ACCESS") {
		why = "is token unless ADDR is on loopback"
	}
	r.wrong.add("READ_ACCESS", fmt.Errorf("%s, but there is no token: set READ_TOKENS or ADMIN_TOKENS, or READ_ACCESS=public", why))
	return a
}

// readAccess is open by default only where no other machine can ask.
func (r *reading) readAccess() ReadAccess {
	switch {
	case r.ReadAccess != "":
		return r.ReadAccess
	case r.Addr.loopback():
		return Public
	}
	return Token
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
		"READ_TOKENS":         r.readAccess() == Public,
		"AWS_ENDPOINT_URL_S3": r.Store.Bucket == "",
	}
	var unused []string
	for field := range reflect.TypeFor[table]().Fields() {
		variable := field.Tag.Get("env")
		if r.has(variable) && (field.Name == "_" || overruled[variable]) {
			unused = append(unused, variable)
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
