package main_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"voc/internal/airtablesim"
	"voc/internal/job"
	"voc/internal/lambdahost/lambdatest"
	"voc/internal/voctest"
)

// bootstrap is the built function, which all tests run as Lambda does.
var bootstrap = lambdatest.Command(".")

func TestMain(m *testing.M) {
	defer bootstrap.Remove()
	m.Run()
}

// records is the number of records in the base: two pages.
const records = 150

// enough is longer than any event takes.
const enough = time.Minute

// world is a cloud, and an Airtable base with the first records of the sample.
type world struct {
	*lambdatest.Cloud
	t    *testing.T
	sim  *airtablesim.Server
	base *airtablesim.Base
	url  string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	base, err := airtablesim.Load(voctest.File(t, records, nil))
	if err != nil {
		t.Fatal(err)
	}
	// processes of this machine do not share a pacer
	w := &world{Cloud: lambdatest.NewCloud(t), t: t, base: base,
		sim: airtablesim.New(base, airtablesim.Config{Rate: -1})}
	server := httptest.NewServer(w.sim)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	w.url = server.URL
	w.PutParameter("/voc/airtable-api-key", airtablesim.DemoToken)
	return w
}

// function returns one of the two functions of the template.
func (w *world) function(mode string, more ...string) *lambdatest.Function {
	environ := append(w.Environ(),
		"AIRTABLE_BASE_ID="+w.base.ID(), "AIRTABLE_TABLE_NAME="+w.base.TableName(),
		"AIRTABLE_API_URL="+w.url, "AIRTABLE_API_KEY_PARAMETER=/voc/airtable-api-key",
		"FEEDBACK_YEARS=all", "SNAPSHOT_STORE=s3://"+lambdatest.Bucket+"/"+w.base.ID(),
		"REFRESH_MODE="+mode)
	return lambdatest.New(w.t, bootstrap.Path(w.t), append(environ, more...)...)
}

// scheduled returns the event of a schedule.
func scheduled(mode, at string) string {
	return `{"mode":"` + mode + `","trigger":"schedule","scheduled_time":"` + at + `"}`
}

// invoke returns the receipt in the response to an event.
func invoke(t *testing.T, f *lambdatest.Function, event string) job.Run {
	t.Helper()
	result := f.Invoke([]byte(event), enough)
	if result.Error != nil {
		t.Fatalf("%s: %s: %s", event, result.Error.Type, result.Error.Message)
	}
	return receipt(t, result.Payload)
}

// fails returns the error of an event.
func fails(t *testing.T, f *lambdatest.Function, event string) *lambdatest.Error {
	t.Helper()
	result := f.Invoke([]byte(event), enough)
	if result.Error == nil {
		t.Fatalf("%s: answered %s", event, result.Payload)
	}
	return result.Error
}

func receipt(t *testing.T, text []byte) (run job.Run) {
	t.Helper()
	if err := json.Unmarshal(text, &run); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return run
}

// status returns the response to {"mode":"get_status"}.
func status(t *testing.T, f *lambdatest.Function) (body struct {
	Cache struct {
		LastError *string `json:"last_error"`
		Records   int     `json:"total_records"`
	} `json:"cache_status"`
	Snapshot *struct{ ID string }
	Warnings []string
}) {
	t.Helper()
	result := f.Invoke([]byte(`{"mode":"get_status"}`), enough)
	if result.Error != nil {
		t.Fatal(result.Error)
	}
	if err := json.Unmarshal(result.Payload, &body); err != nil {
		t.Fatalf("%v in %s", err, result.Payload)
	}
	return body
}

// errorLines returns the lines of level ERROR that have a text. All lines are JSON.
func errorLines(t *testing.T, f *lambdatest.Function, text string) (found []string) {
	t.Helper()
	for line := range strings.Lines(f.Log()) {
		var fields struct{ Level string }
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Errorf("%v in %s", err, line)
		}
		if fields.Level == "ERROR" && strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%.2000q does not contain %q", text, part)
		}
	}
}
