package refresh

import (
	"strings"
	"testing"
)

func TestCheckRoom(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		free     uint64
		snapshot int64
		level    Level
		words    string
	}{
		"no snapshot yet": {1_000_000, 0, Fine, "unknown before the first one"},
		"enough":          {200_000_000, 41_700_000, Fine, "takes about 116 MB"},
		"too little":      {100_000_000, 41_700_000, Wrong, "EphemeralStorageMb"},
	} {
		var r Report
		r.checkRoom(test.free, test.snapshot)
		if len(r.Lines) != 1 || r.Lines[0].Level != test.level ||
			!strings.Contains(r.Lines[0].Text, test.words) {
			t.Errorf("%s: %+v", name, r.Lines)
		}
	}
}

func TestNameDistance(t *testing.T) {
	t.Parallel()
	for pair, want := range map[[2]string]bool{
		{"Status", "Statsu"}:        true,
		{"Status", "State"}:         true,
		{"Status", "Notes"}:         false,
		{"Lead Bugs", "leed  bugs"}: true,
		{"Source", "Résource"}:      true,
		{"Team Routed", "Taem"}:     false,
	} {
		if _, near := nameDistance(pair[0], pair[1]); near != want {
			t.Errorf("%q and %q: near %t", pair[0], pair[1], near)
		}
	}
}
