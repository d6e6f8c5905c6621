package main_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"voc/internal/lambdahost/lambdatest"
)

// failing returns an interceptor that responds to every request for S3 with an error.
func failing(status int, code string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte("<Error><Code>" + code + "</Code><Message>no</Message></Error>"))
	}
}

func stalling(_ http.ResponseWriter, r *http.Request, _ http.Handler) { <-r.Context().Done() }

func TestServeWhileStoreFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault func(http.ResponseWriter, *http.Request, http.Handler)
		words []string
	}{
		"denied": {failing(403, "AccessDenied"), []string{"AccessDenied", "s3:GetObject"}},
		"no bucket": {failing(404, "NoSuchBucket"),
			[]string{"NoSuchBucket", "SNAPSHOT_STORE"}},
		"expired credentials": {failing(400, "ExpiredToken"), []string{"expired", "AWS_SESSION_TOKEN"}},
		"another region": {func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			w.Header().Set("X-Amz-Bucket-Region", "us-west-2")
			failing(301, "PermanentRedirect")(w, r, next)
		}, []string{"AWS_REGION=us-west-2"}},
		"stalled": {stalling, []string{"no response", "AWS_ENDPOINT_URL_S3"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, small(t))
			w.publish()
			f := w.function()
			want := ask(t, f, "GET", "/api/feedback/").is(t, 200).body
			w.Intercept(c.fault)
			contains(t, warnings(t, f), c.words...)
			contains(t, f.Log(), c.words...)
			if got := ask(t, f, "GET", "/api/feedback/").is(t, 200).body; got != want {
				t.Errorf("%.100q, want the list from before", got)
			}
			w.Intercept(nil)
			if left := warnings(t, f); left != "" {
				t.Errorf("warnings after the fault: %s", left)
			}
			if f.Starts() != 1 {
				t.Errorf("%d processes", f.Starts())
			}
		})
	}
}

func TestRequestAfterFailedStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	w.publish()
	w.Intercept(failing(403, "AccessDenied"))
	f := w.function()
	a := ask(t, f, "GET", "/api/feedback/", "Origin", "https://app.example.com").is(t, 503)
	if a.header.Get("Retry-After") == "" || a.header.Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("headers %v", a.header)
	}
	ask(t, f, "GET", "/api/live").is(t, 200)
	w.Intercept(nil)
	ask(t, f, "GET", "/api/feedback/").is(t, 200)
	if f.Starts() != 1 {
		t.Errorf("%d processes", f.Starts())
	}
}

func TestEmptyStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	f := w.function()
	contains(t, ask(t, f, "GET", "/api/feedback/").is(t, 503).body, "start the first refresh")
	w.publish()
	ask(t, f, "GET", "/api/feedback/").is(t, 200)
}

func TestAPIStoreOfAnotherBase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	w.publish()
	f := w.function("AIRTABLE_BASE_ID=appOTHER")
	ask(t, f, "GET", "/api/feedback/").is(t, 503)
	contains(t, warnings(t, f), "another base", "appOTHER", "SNAPSHOT_STORE")
}

// snapshotOf returns the id of the snapshot that a function serves.
func snapshotOf(t *testing.T, f *lambdatest.Function) string {
	t.Helper()
	return ask(t, f, "GET", "/api/feedback/?limit=1").header.Get("X-Snapshot")
}

func TestServeNewSnapshot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	first := w.publish()
	f := w.function()
	if got := snapshotOf(t, f); got != string(first.SnapshotAfter) {
		t.Errorf("snapshot %s, want %s", got, first.SnapshotAfter)
	}
	w.sim.Delete(w.sim.Records()[0].ID)
	second := w.publish()
	ask(t, f, "GET", "/api/cache/").is(t, 200) // syncs with the store each time
	if got := snapshotOf(t, f); got != string(second.SnapshotAfter) {
		t.Errorf("snapshot %s, want %s", got, second.SnapshotAfter)
	}
}

func TestReadAfterFreeze(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	w.publish()
	wire := lambdatest.NewWire(t, w.S3())
	f := w.function("AWS_ENDPOINT_URL_S3=" + wire.URL())
	ask(t, f, "GET", "/api/feedback/").is(t, 200)
	wire.DropOpenConnections()
	start := time.Now()
	if left := warnings(t, f); left != "" {
		t.Errorf("warnings %s", left)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestPostInvokesFunction(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	w.publish()
	f := w.function()
	for path, function := range map[string]string{"update-full": "voc-full",
		"update-sweep": "voc-full", "update-incremental": "voc-incremental"} {
		before := len(w.Invocations())
		a := ask(t, f, "POST", "/api/cache/"+path, "Authorization", "Bearer "+adminToken).is(t, 202)
		_, id, _ := strings.Cut(a.header.Get("Location"), "/api/cache/runs/")
		if calls := w.Invocations()[before:]; len(calls) != 1 || calls[0].Function != function ||
			!strings.Contains(calls[0].Payload, `"run_id":"`+id+`","trigger":"api"`) || id == "" {
			t.Errorf("%s: calls %v, id %q", path, calls, id)
		}
		contains(t, ask(t, f, "GET", "/api/cache/runs/"+id).is(t, 200).body, `"outcome":"pending"`)
	}
	for code, words := range map[string]string{"ResourceNotFoundException": "correct the name",
		"AccessDeniedException": "lambda:InvokeFunction"} {
		w.RejectInvocations(code)
		refused := ask(t, f, "POST", "/api/cache/update-full", "Authorization", "Bearer "+adminToken)
		contains(t, refused.is(t, 503).body, "refresh-not-started")
		contains(t, f.Log(), "REFRESH_FULL_FUNCTION", code, words)
	}
	if left := len(w.Invocations()); left != 3 {
		t.Errorf("%d invocations", left)
	}
}

func TestTokensFromSSM(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	w.publish()
	w.PutParameter("/voc/admin", "from-ssm-3f9c0d7a51, and-another-84b1d0e5c")
	f := w.function("ADMIN_TOKENS=", "ADMIN_TOKENS_PARAMETER=/voc/admin")
	for token, status := range map[string]int{
		"from-ssm-3f9c0d7a51": 202, "and-another-84b1d0e5c": 202, adminToken: 401,
	} {
		ask(t, f, "POST", "/api/cache/update-full", "Authorization", "Bearer "+token).is(t, status)
	}
	if w.ParameterReads() != 1 {
		t.Errorf("SSM was read %d times", w.ParameterReads())
	}
	if strings.Contains(f.Log(), "from-ssm") {
		t.Error("the log has a token")
	}
}

func TestMissingParameter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	w.publish()
	f := w.function("ADMIN_TOKENS=", "ADMIN_TOKENS_PARAMETER=/voc/admin")
	ask(t, f, "GET", "/api/feedback/").is(t, 200)
	ask(t, f, "POST", "/api/cache/update-full", "Authorization", "Bearer "+adminToken).is(t, 503)
	contains(t, warnings(t, f), "ADMIN_TOKENS_PARAMETER", "/voc/admin", "ParameterNotFound")
	contains(t, f.Log(), "ADMIN_TOKENS_PARAMETER", "ParameterNotFound")
}

func TestInvalidEnvironment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	f := w.function("SNAPSHOT_STORE=", "REFRESH_FULL_FUNCTION=", "SCHEDULE_FULL=rate(7 days)")
	a := ask(t, f, "GET", "/api/feedback/")
	a.is(t, 503)
	contains(t, a.body, "SNAPSHOT_STORE", "REFRESH_FULL_FUNCTION", "SCHEDULE_FULL",
		"/api/docs#misconfigured")
	if strings.Contains(a.body, "rate(") {
		t.Errorf("the response shows a value: %s", a.body)
	}
	ask(t, f, "GET", "/api/live").is(t, 200)
	ask(t, f, "OPTIONS", "/api/feedback/").is(t, 204)
	contains(t, f.Log(), "SNAPSHOT_STORE: ", "REFRESH_FULL_FUNCTION: ", "SCHEDULE_FULL: ")
}
