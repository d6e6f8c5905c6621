package main_test

import (
	"os"
	"path/filepath"

	"voc/internal/airtablesim"
	"voc/internal/serverhost/servertest"
)

// linuxStates need /dev/full.
var linuxStates = []state{
	{
		name: "disk full", begin: fillDisk,
		cause:  []string{"the disk for temporary files is full"},
		cure:   []string{"free space where TMPDIR is"},
		health: "the disk for temporary files is full",
	},
}

// fillDisk puts a device that is always full in the place of a part of each refresh, before
// the refresh creates it: it reads the schema first. A new record makes it write one.
func fillDisk(o *operated, p *servertest.Server) func() {
	o.airtable.Sim.Before(func(call airtablesim.Call) {
		runs, err := filepath.Glob(filepath.Join(o.temporary, "voc-work-*", "run-*"))
		if call.Kind != airtablesim.Schema || err != nil {
			return
		}
		for _, run := range runs {
			if err := os.Symlink("/dev/full", filepath.Join(run, "serve.sqlite")); err != nil {
				o.t.Error(err)
			}
		}
	})
	o.airtable.Create(`{"Notes":"one more record"}`)
	p.Refresh("incremental")
	return func() { o.airtable.Sim.Before(nil) }
}
