package repotest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// drawing lists which packages each package may import. Data travels one way:
//
//	functions → app → refresh, httpapi → replica → manifest → job, snapshot, blob
//
// with feedback and airtable at the bottom. These two meet only in refresh, and in app,
// which wires them. Only the server's host has the emulator, which takes Airtable's
// limits from the client. Tests may import what they need; voctest, buildtest,
// snapshot/snaptest and manifest/manifesttest are for tests alone.
const drawing = `
functions/server   → bound serverhost
serverhost         → app access bound refresh httpapi replica manifest job config schedule watch
                     telemetry telemetry/prometheus airtablesim export
serverhost/servertest → serverhost airtablesim
functions/api      → app access httpapi replica job config lambdahost lambdahost/invocation
functions/refresh  → app access refresh httpapi job config lambdahost lambdahost/invocation watch
                     telemetry
app                → access refresh httpapi replica manifest job snapshot blob blob/dirblob
                     blob/s3blob airtable feedback config schedule telemetry watch
refresh            → manifest job snapshot snapshot/build airtable feedback telemetry
httpapi            → access bound httpapi/respond replica manifest job snapshot feedback schedule
                     telemetry watch webui
httpapi/apidoc     →
httpapi/respond    → bound snapshot
lambdahost         → job config
lambdahost/invocation → lambdahost manifest job config
lambdahost/lambdatest → buildtest
buildtest          →
voctest            →
replica            → bound manifest job snapshot feedback blob
manifest           → job snapshot feedback blob
manifest/manifesttest → manifest job snapshot snapshot/build feedback blob blob/blobtest
job                →
snapshot           → bound feedback
snapshot/build     → snapshot feedback
snapshot/snaptest  → snapshot snapshot/build feedback voctest
config             → access feedback schedule
export             →
blob/dirblob       → blob
blob/s3blob        → blob
blob/blobtest      → blob
airtablesim        → airtablesim/formula airtable
airtablesim/formula →
access             → bound
airtable           →
bound              →
feedback           → bound
webui              →
blob               →
schedule           →
watch              → manifest job snapshot blob schedule telemetry
telemetry          →
telemetry/prometheus → telemetry
`

// unlinked are the packages that a binary must not contain, directly or indirectly. The
// entry "" is for the Lambda functions.
var unlinked = map[string][]string{
	"functions/server": {"github.com/aws/aws-lambda-go", "voc/internal/lambdahost",
		"voc/internal/voctest", "voc/internal/snapshot/snaptest", "testing"},
	"": {"voc/internal/airtablesim", "voc/internal/serverhost", "voc/internal/voctest",
		"github.com/prometheus", "voc/internal/snapshot/snaptest", "testing"},
}

func TestImportsMatchDrawing(t *testing.T) {
	may := readDrawing(t)
	for room, p := range packages(t) {
		allowed, drawn := may[room]
		if !drawn {
			t.Errorf("%s is not in the drawing", room)
			continue
		}
		for _, path := range p.Imports {
			if other, ours := strings.CutPrefix(path, "voc/"); ours &&
				!slices.Contains(allowed, inside(other)) {
				t.Errorf("%s imports %s, which the drawing does not show", room, inside(other))
			}
		}
	}
}

func TestBinariesLinkOnlyTheirPackages(t *testing.T) {
	for room, p := range packages(t) {
		if p.Name != "main" {
			continue
		}
		never, named := unlinked[room]
		if !named {
			never = unlinked[""]
		}
		for _, path := range p.Deps {
			for _, banned := range never {
				if path == banned || strings.HasPrefix(path, banned+"/") {
					t.Errorf("%s links %s", room, path)
				}
			}
		}
	}
}

func readDrawing(t *testing.T) map[string][]string {
	t.Helper()
	may := map[string][]string{}
	room := ""
	for row := range strings.Lines(strings.TrimSpace(drawing)) {
		name, allowed, begins := strings.Cut(row, "→")
		if begins {
			room, may[strings.TrimSpace(name)] = strings.TrimSpace(name), nil
		} else {
			allowed = row // continues the row above
		}
		may[room] = append(may[room], strings.Fields(allowed)...)
	}
	for room, allowed := range may {
		for _, other := range allowed {
			if _, drawn := may[other]; !drawn {
				t.Errorf("the drawing has no row for %s, which %s may import", other, room)
			}
		}
	}
	return may
}

type listed struct {
	ImportPath, Name       string
	GoFiles, Imports, Deps []string
}

// packages returns the packages of the module by their name in the drawing, without those
// that are tests only.
func packages(t *testing.T) map[string]listed {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list",
		"-json=ImportPath,Name,GoFiles,Imports,Deps", "./...")
	list.Dir = root
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	rooms := map[string]listed{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if len(p.GoFiles) > 0 {
			rooms[inside(strings.TrimPrefix(p.ImportPath, "voc/"))] = p
		}
	}
	if len(rooms) == 0 {
		t.Fatal("go list finds no packages")
	}
	return rooms
}

// inside returns the name of a package in the drawing.
func inside(path string) string { return strings.TrimPrefix(path, "internal/") }
