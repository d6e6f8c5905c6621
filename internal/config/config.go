package config

import (
	"time"

	"voc/internal/access"
	"voc/internal/feedback"
	"voc/internal/schedule"
)

// Config is what the environment says, checked. Its slices are not to be changed.
type Config struct {
	Airtable     Airtable // with Emulator on: only the table, until WithEmulator
	Emulator     bool     // nothing names a real base: the server starts the emulator
	Sim          Sim
	Years        feedback.Years
	Mapping      feedback.Mapping
	Store        Store // with Emulator on: zero until WithEmulator
	Keep         int   // how many snapshots stay, 1 or more
	MaxShrink    int   // percent of the records that a refresh may drop, 0 to 100
	MonthlyCalls int   // to Airtable in a UTC month; 0: no cap
	Access       access.Policy
	Schedule     Schedule
	Function     Function // zero for the server
	Debug        bool     // one log line a page
	Addr         string   // where the server listens, host:port; an empty host is every address
	// Unused names the variables that are set and have no effect: the server does not use them, or not yet, or another
	// variable overrules them. The caller warns.
	Unused []string
}

// Airtable is a table and how to reach it.
type Airtable struct {
	Key    access.Secret
	BaseID string
	Table  string // name, or tbl… id
	URL    string // of the Web API, without the version and a slash at the end
}

// Sim is what the emulator serves, and where.
type Sim struct {
	Data  string // a .jsonl or .jsonl.gz file; "" for the sample base
	Addr  string // host:port; port 0 is any free one
	Table string // the name its table answers to
}

// Schedule says when refreshes are due, in Zone. All but On is set even if On is not: it also tells when data is stale.
type Schedule struct {
	On          bool // the server starts what is due
	Full        schedule.Schedule
	Incremental schedule.Schedule
	Sweep       schedule.Schedule // zero if off
	Zone        *time.Location
}

// Load reads the server's configuration from what [os.Environ] returns. The error holds every mistake, one a
// line, each with its variable in front.
func Load(environ []string) (Config, error) {
	c, err := read(Server, environ).config()
	if err == nil && !c.Emulator {
		c.Store = c.Store.orDefault(c.Airtable)
	}
	return c, err
}

func (r *reading) config() (Config, error) {
	c := Config{
		Airtable:     r.airtable(),
		Emulator:     r.emulator(),
		Sim:          r.sim(),
		Years:        r.Years,
		Mapping:      r.mapping(),
		Store:        r.store(),
		Keep:         int(r.Keep),
		MaxShrink:    int(r.MaxShrink),
		MonthlyCalls: int(r.MonthlyCalls),
		Access:       r.policy(),
		Schedule:     r.schedule(),
		Function:     Function{Mode: string(r.RefreshMode), Full: string(r.FullFunction), Incremental: string(r.IncrementalFunction)},
		Debug:        bool(r.DebugRefresh),
		Addr:         string(r.Addr),
		Unused:       r.unused(),
	}
	if err := r.wrong.err(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// LoadSim reads what an emulator needs that runs alone, and looks at no other variable: the environment may be that of a
// server which reads from it.
func LoadSim(environ []string) (Sim, error) {
	r := read(Server, environ)
	r.wrong.keep("AIRTABLE_TABLE_NAME", "AIRTABLE_SIM_DATA", "AIRTABLE_SIM_ADDR")
	if err := r.wrong.err(); err != nil {
		return Sim{}, err
	}
	return r.sim(), nil
}

// WithEmulator returns c as the configuration of a server that reads from the emulator. It panics unless c.Emulator: sample data must
// never be published over real data.
func (c Config) WithEmulator(emulator Airtable) Config {
	if !c.Emulator {
		panic("config: an emulator in place of a real base")
	}
	c.Airtable = emulator
	c.Store = c.Store.orDefault(emulator)
	return c
}
