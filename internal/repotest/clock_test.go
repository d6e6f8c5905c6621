package repotest_test

import (
	"go/ast"
	"strings"
	"testing"
)

// clocks are the files, and folders with a trailing slash, that may read the machine's
// clock, with the reason. All other code takes a clock, so that tests can set it, or
// measures with time.Since and time.Until, which do not depend on the day.
var clocks = map[string]string{
	"internal/serverhost/":          "a host: its schedule, the emulator's week",
	"internal/app/app.go":           "the clock of all parts",
	"internal/lambdahost/":          "a host: when secrets are read again, a test's deadlines",
	"internal/blob/dirblob/":        "the store's clock is the machine's",
	"internal/blob/blobtest/":       "the default of the store's clock",
	"internal/airtablesim/":         "the default of Airtable's clock",
	"internal/airtable/pacer.go":    "monotonic: when the next call may leave",
	"internal/airtable/turn.go":     "monotonic: how long a call takes",
	"internal/airtable/wait.go":     "a Retry-After in an answer without a Date",
	"internal/replica/sync.go":      "monotonic: how long ago a Sync began and ended",
	"internal/replica/view.go":      "monotonic: how long ago the manifest was read",
	"internal/httpapi/respond/":     "monotonic: when a client that takes nothing is cut",
	"internal/snapshot/unpacked.go": "monotonic: when a full disk is tried again",
	"internal/voctest/load.go":      "monotonic: how long a response takes",
}

func TestOnlyEdgesReadClock(t *testing.T) {
	unused := map[string]bool{}
	for place := range clocks {
		unused[place] = true
	}
	for _, src := range sources(t) {
		if src.isTest() || !src.imports("time") {
			continue
		}
		ast.Inspect(src.tree, func(n ast.Node) bool {
			f, ok := n.(*ast.SelectorExpr)
			if !ok || f.Sel.Name != "Now" {
				return true
			}
			if pkg, ok := f.X.(*ast.Ident); !ok || pkg.Name != "time" {
				return true
			}
			place := placeOf(src.path)
			if place == "" {
				t.Errorf("%s reads time.Now: take a clock instead", src.files.Position(f.Pos()))
			}
			delete(unused, place)
			return true
		})
	}
	for place := range unused {
		t.Errorf("%s reads no clock: remove it from the list", place)
	}
}

// placeOf returns the entry of clocks for a path, or "".
func placeOf(path string) string {
	for place := range clocks {
		if path == place || strings.HasSuffix(place, "/") && strings.HasPrefix(path, place) {
			return place
		}
	}
	return ""
}
