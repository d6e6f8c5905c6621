package config

import (
	"path/filepath"
	"slices"
	"time"

	"voc/internal/access"
	"voc/internal/feedback"
	"voc/internal/schedule"
)

// Config is the checked content of the environment. Its slices must not be changed.
type Config struct {
	Airtable     Airtable // with Emulator: only the table, until WithEmulator
	Emulator     bool     // no real base is named: the server starts the emulator
	Sim          Sim
	Years        feedback.Years
	Mapping      feedback.Mapping
	Privacy      feedback.Privacy // what readers never see
	Store        Store            // with Emulator: zero until WithEmulator
	Keep         int              // number of snapshots to retain, 1 or more
	MaxShrink    int              // percent of the records that a refresh may remove, 0 to 100
	MonthlyCalls int              // cap on Airtable calls in a UTC month; 0: no cap
	Access       access.Policy
	Schedule     Schedule
	Function     Function      // zero for the server
	Webhook      access.Secret // URL for notifications; zero: none
	Heartbeat    access.Secret // URL of a monitor; zero: none
	Debug        bool          // log one line for each page read from Airtable
	Addr         string        // listen address of the server, host:port; no host: every address
	// Warnings are mistakes that only matter once other machines can connect. The caller logs them.
	Warnings []error
	// Unused names the variables that are set and have no effect, because the server does not
	// use them (yet) or another variable overrides them. The caller logs a warning.
	Unused []string
	// NearMisses are the variables that are set, and that no program reads, because their names
	// are misspelled. The caller logs a warning for each.
	NearMisses []NearMiss
}

// Airtable is a table and how to reach it.
type Airtable struct {
	Key    access.Secret
	BaseID string
	Table  string // name, or tbl… id
	URL    string // of the Web API, without the version and a trailing slash
}

// Sim configures the emulator.
type Sim struct {
	Data  string // a .jsonl or .jsonl.gz file; "" for the sample base
	Addr  string // host:port; port 0 is any free port
	Table string // the name of its table
}

// Schedule holds when refreshes are due, in Zone. All fields but On are set even if On is false,
// because they also determine when data is stale.
type Schedule struct {
	On          bool // the server starts the refreshes that are due
	Full        schedule.Schedule
	Incremental schedule.Schedule
	Sweep       schedule.Schedule // zero if off
	Zone        *time.Location
}

// dataDir has the default stores, a directory for each base.
const dataDir = "data"

// Load reads the server's configuration from environ, in the form of [os.Environ]. The error
// has every problem, one per line, each with its variable in front.
func Load(environ []string) (Config, error) {
	c, err := parse(Server, environ).config()
	if err == nil && !c.Emulator && c.Store == (Store{}) {
		c.Store.Dir = filepath.Join(dataDir, c.Airtable.BaseID)
	}
	return c, err
}

// LoadSim reads the configuration of an emulator without a server. It ignores all other
// variables, since the environment may be that of a server which reads from this
// emulator.
func LoadSim(environ []string) (Sim, error) {
	l := parse(Server, environ)
	used := []string{"AIRTABLE_TABLE_NAME", "AIRTABLE_SIM_DATA", "AIRTABLE_SIM_ADDR"}
	l.problems = slices.DeleteFunc(l.problems, func(q problem) bool {
		return !slices.Contains(used, q.variable)
	})
	if err := l.problems.err(); err != nil {
		return Sim{}, err
	}
	return Sim{Data: l.simData, Addr: l.simAddr, Table: l.tableName}, nil
}

// WithEmulator returns c as the configuration of a server that reads from the emulator. It
// panics unless c.Emulator is set: sample data must never be published over real data.
func (c Config) WithEmulator(emulator Airtable) Config {
	if !c.Emulator {
		panic("config: an emulator in place of a real base")
	}
	c.Airtable = emulator
	c.Store = Store{Dir: filepath.Join(dataDir, emulator.BaseID)} // no other store is set
	return c
}
