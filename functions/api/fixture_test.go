package main_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"voc/internal/airtable"
	"voc/internal/airtablesim"
	"voc/internal/app"
	"voc/internal/config"
	"voc/internal/job"
	"voc/internal/lambdahost/lambdatest"
	"voc/internal/serverhost"
	"voc/internal/serverhost/servertest"
	"voc/internal/voctest"
)

// bootstrap is the built function, which all tests here run as Lambda would.
var bootstrap = lambdatest.Command(".")

func TestMain(m *testing.M) {
	defer bootstrap.Remove()
	m.Run()
}

// enough is more time than any event here takes, and what the template gives.
const enough = 29 * time.Second

// adminToken is the admin token of the functions and of the server beside them.
const adminToken = "b7d1f0c4e2a95836"

// world is a cloud whose store holds what an Airtable has.
type world struct {
	*lambdatest.Cloud
	t   testing.TB
	sim *airtablesim.Server
	url string // of the Airtable
}

// newWorld has an empty store.
func newWorld(t testing.TB, base *airtablesim.Base) *world {
	t.Helper()
	w := &world{Cloud: lambdatest.NewCloud(t), t: t,
		sim: airtablesim.New(base, airtablesim.Config{Rate: -1})}
	far := httptest.NewServer(w.sim)
	t.Cleanup(far.Close)
	w.url = far.URL
	return w
}

// records is how many a small base has.
const records = 60

// small returns a base with the first records of the sample.
func small(t testing.TB) *airtablesim.Base { return load(t, records, nil) }

// heavy returns a base of the sample's records, with so much text that the whole list fits Lambda
// only when it is compressed.
func heavy(t testing.TB) *airtablesim.Base {
	return load(t, 600, func(fields map[string]any) {
		for _, name := range []string{"Initial Description", "Notes"} {
			if text, ok := fields[name].(string); ok {
				fields[name] = strings.Repeat(text+" ", 24)
			}
		}
	})
}

func load(t testing.TB, n int, change func(fields map[string]any)) *airtablesim.Base {
	t.Helper()
	base, err := airtablesim.Load(voctest.File(t, n, change))
	if err != nil {
		t.Fatal(err)
	}
	return base
}

// environ returns the variables of every host of the store.
func (w *world) environ() []string {
	base := w.sim.Base().ID()
	return []string{
		"AIRTABLE_BASE_ID=" + base, "SNAPSHOT_STORE=s3://" + lambdatest.Bucket + "/" + base,
		"AWS_ENDPOINT_URL_S3=" + w.S3(), "READ_ACCESS=public", "CORS_ORIGINS=https://app.example.com",
	}
}

// function returns the API function. Its admin token is try.
func (w *world) function(more ...string) *lambdatest.Function {
	environ := append(w.Environ(), w.environ()...)
	environ = append(environ, "ADMIN_TOKENS="+adminToken,
		"REFRESH_FULL_FUNCTION=voc-full", "REFRESH_INCREMENTAL_FUNCTION=voc-incremental")
	return lambdatest.New(w.t, bootstrap.Path(w.t), append(environ, more...)...)
}

// publish does a full refresh in this process.
func (w *world) publish(more ...string) job.Run {
	w.t.Helper()
	return w.refresh(job.Full, more...)
}

// refresh does a refresh in this process, which must publish.
func (w *world) refresh(mode job.Mode, more ...string) job.Run {
	w.t.Helper()
	environ := append(w.environ(),
		"AIRTABLE_API_KEY="+airtablesim.DemoToken, "AIRTABLE_API_URL="+w.url,
		"AIRTABLE_TABLE_NAME="+w.sim.Base().TableName(), "FEEDBACK_YEARS=all",
		"REFRESH_MODE=full", "MAX_SHRINK_PERCENT=100")
	cfg, err := config.LoadFunction(config.Refresh, append(environ, more...))
	if err != nil {
		w.t.Fatal(err)
	}
	parts, err := app.Open(w.t.Context(), cfg, app.Host{
		Credentials: keys, TempDir: w.t.TempDir(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	defer parts.Work.Close()
	id := job.NewRunID(mode, time.Now())
	parts.Token = func(context.Context) (string, error) { return airtablesim.DemoToken, nil }
	parts.Pacer = airtable.NewPacer(1000)
	engine, err := app.NewRefresh(parts)
	if err != nil {
		w.t.Fatal(err)
	}
	request := job.Request{ID: id, Mode: mode, Trigger: job.TriggerCLI}
	run, err := engine.Run(w.t.Context(), request, nil)
	if err != nil || run.Outcome != job.Nullable(job.Published) {
		w.t.Fatalf("%+v, %v", run, err)
	}
	return run
}

func keys(context.Context) (aws.Config, error) {
	return aws.Config{
		Region:      "eu-central-1",
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	}, nil
}

// ask sends a request through the gateway to a function, with headers as pairs of name and value.
func ask(t testing.TB, f *lambdatest.Function, method, target string, headers ...string) answer {
	t.Helper()
	return send(t, f, gateway(method, target, "", headers...))
}

// gateway returns the event of a request, as an HTTP API makes it: the path is decoded, the query
// is not; names of headers are in lower case, and their values joined.
func gateway(method, target, body string, headers ...string) events.APIGatewayV2HTTPRequest {
	r := httptest.NewRequest(method, target, nil)
	const domain, client = "voc.execute-api.eu-central-1.amazonaws.com", "192.0.2.1"
	e := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "$default",
		RawPath: r.URL.Path, RawQueryString: r.URL.RawQuery, Body: body,
		Headers: map[string]string{
			"host": domain, "x-forwarded-for": client, "x-forwarded-proto": "https",
		},
	}
	e.RequestContext.DomainName, e.RequestContext.Stage = domain, "$default"
	http := &e.RequestContext.HTTP
	http.Method, http.Path, http.SourceIP = method, strings.TrimSuffix(r.URL.Path, "/"), client
	for i := 0; i < len(headers); i += 2 {
		name := strings.ToLower(headers[i])
		if e.Headers[name] != "" {
			e.Headers[name] += ","
		}
		e.Headers[name] += headers[i+1]
	}
	return e
}

// answer is a response as the client receives it.
type answer struct {
	status int
	header http.Header
	body   string
}

func send(t testing.TB, f *lambdatest.Function, event any) answer {
	t.Helper()
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, f.Invoke(payload, enough))
}

// read returns the response that the gateway makes of a result.
func read(t testing.TB, result lambdatest.Result) answer {
	t.Helper()
	if result.Error != nil {
		t.Fatalf("%s: %s", result.Error.Type, result.Error.Message)
	}
	var response events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(result.Payload, &response); err != nil {
		t.Fatal(err)
	}
	a := answer{response.StatusCode, http.Header{}, response.Body}
	for name, value := range response.Headers {
		a.header.Set(name, value)
	}
	if response.IsBase64Encoded {
		body, err := base64.StdEncoding.DecodeString(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		a.body = string(body)
	}
	return a
}

func (a answer) is(t testing.TB, status int) answer {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, want %d: %.300s", a.status, status, a.body)
	}
	return a
}

// warnings returns the warnings of GET /api/cache/, without that about public reads, which all
// functions here have.
func warnings(t testing.TB, f *lambdatest.Function) string {
	t.Helper()
	var body struct{ Warnings []string }
	a := ask(t, f, "GET", "/api/cache/").is(t, 200)
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	others := slices.DeleteFunc(slices.Clone(body.Warnings), func(warning string) bool {
		return strings.HasPrefix(warning, "READ_ACCESS=public: anyone")
	})
	if len(others)+1 != len(body.Warnings) {
		t.Errorf("public reads are not warned about: %q", body.Warnings)
	}
	return strings.Join(others, "\n")
}

func contains(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%.2000q does not contain %q", text, part)
		}
	}
}

// serve starts the server on the same store, in this process, and returns its URL.
func (w *world) serve() string {
	w.t.Helper()
	p := servertest.StartProgram(w.t,
		serverhost.Program{Environ: w.serverEnviron(), Credentials: keys})
	p.Printed(`(voc serves)`)
	return p.URL()
}

// serverEnviron returns the environment of a server on the same store.
func (w *world) serverEnviron() []string {
	return servertest.Environment(w.t,
		append(w.environ(), "SCHEDULE=off", "ADMIN_TOKENS="+adminToken,
			"AIRTABLE_API_KEY="+airtablesim.DemoToken, "AIRTABLE_API_URL="+w.url,
			"AIRTABLE_TABLE_NAME="+w.sim.Base().TableName(), "FEEDBACK_YEARS=all")...)
}
