package httpapi_test

import (
	"maps"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"voc/internal/httpapi"
	"voc/internal/job"
)

// asAdmin has access to every route.
var asAdmin = []string{"Authorization", "Bearer admin-1"}

// openRoutes lists the routes, with the id of an existing record or run. It omits the page, whose
// query is its own.
func openRoutes(s *service) (all []httpapi.Route) {
	for _, r := range s.Routes() {
		if r.Path == "/" || strings.HasPrefix(r.Path, "/app") {
			continue
		}
		id := "rec00000000000001"
		if strings.Contains(r.Path, "runs") {
			id = fullRun().ID
		}
		r.Path = strings.Replace(r.Path, "{id}", id, 1)
		all = append(all, r)
	}
	return all
}

// TestBadQueryOfEveryRoute gives each route bad values of its parameters, and unknown parameters.
func TestBadQueryOfEveryRoute(t *testing.T) {
	t.Parallel()
	s := serving(t, tokens, staff)
	for _, r := range openRoutes(s) {
		bad := map[string]string{ // query → the parameter that is at fault
			"colour=red": "colour", "colour": "colour", "=": "", "T=1": "T", "t%00=1": "t\x00",
			"t%FF=1": "t\uFFFD", "%00": "\x00",
			"colour%0D%0AX-Evil:%201=": "colour\r\nX-Evil: 1", "<script>=": "<script>",
			"%": "(query)", "%zz=1": "(query)", "a;b": "(query)", "_=%": "(query)", "t=%G1": "(query)",
		}
		for name, repeatable := range r.Parameters {
			for _, value := range []string{"a%00", "%FF", "%C0%AF", "%ED%A0%80"} {
				bad[name+"="+value] = name
			}
			if !repeatable {
				bad[name+"=1&"+name+"=1"] = name
			}
		}
		for query, parameter := range bad {
			a := s.ask(r.Method, r.Path+"?"+query, asAdmin...)
			if a.is(t, 400); a.StatusCode != 400 {
				continue
			}
			if p := a.problem(t); !slices.ContainsFunc(
				p.Errors, func(e parameterError) bool { return e.Parameter == parameter && e.Detail != "" },
			) {
				t.Errorf("%s %s?%s does not name %q: %s", r.Method, r.Path, query, parameter, a.body)
			}
		}
		known := slices.Sorted(maps.Keys(r.Parameters))
		a := s.ask(r.Method, r.Path+"?colour=red", asAdmin...)
		if !strings.Contains(a.problem(t).Detail, strings.Join(known, ", ")) {
			t.Errorf("%s %s does not name %q: %s", r.Method, r.Path, known, a.body)
		}
	}
	if s.refresher.asked != nil {
		t.Errorf("a refused command was carried out: %v", s.refresher.asked)
	}
}

func TestLongQueryOfEveryRoute(t *testing.T) {
	t.Parallel()
	s := serving(t, tokens, staff)
	for _, r := range openRoutes(s) {
		for _, query := range []string{
			strings.Repeat("a", 16_000), "t=" + strings.Repeat("1", 16_000),
			strings.Repeat("team=a&", 2_400), "q=" + strings.Repeat("%20", 5_400),
		} {
			a := s.ask(r.Method, r.Path+"?"+query, asAdmin...)
			if a.is(t, 414); !strings.Contains(a.problem(t).Detail, "8192") {
				t.Errorf("%s %s: %s", r.Method, r.Path, a.body)
			}
		}
		a := s.ask(r.Method, r.Path+"?t="+strings.Repeat("1", 8_190), asAdmin...)
		if a.StatusCode == 414 {
			t.Errorf("%s %s: 8,192 bytes are too long", r.Method, r.Path)
		}
	}
}

func TestMalformedOriginGetsNoCORS(t *testing.T) {
	t.Parallel()
	s := serving(t, tokens, origins(page, "https://*.preview.example.com"))
	for _, r := range openRoutes(s) {
		for _, lines := range [][]string{
			{page + "\r\nX-Evil: 1"}, {page, page},
			{"https://a.preview.example.com", "https://evil.example"}, {page + "\x00"}, {"\xff"},
			{page + "\t"}, {strings.Repeat("a", 16_000)},
		} {
			for _, method := range []string{r.Method, "OPTIONS"} {
				var headers []string
				for _, line := range lines {
					headers = append(headers, "Origin", line)
				}
				a := s.ask(method, r.Path, append(headers, asAdmin...)...)
				if a.StatusCode >= 500 || a.Header.Get("X-Evil") != "" ||
					a.Header.Get("Access-Control-Allow-Origin") != "" {
					t.Errorf("%s %s, %.60q: %d %v", method, r.Path, lines, a.StatusCode, a.Header)
				}
			}
		}
	}
}

// FuzzRequest checks that every response conforms to the document and that none is a 500.
func FuzzRequest(f *testing.F) {
	s := serving(f, tokens, staff, origins(page))
	s.refresher.ticket = job.Ticket{RunID: "full-1", Mode: job.Full}
	for i := range s.Routes() {
		f.Add(uint8(i), "", "t=1&_=2", "Bearer admin-1", page, "")
	}
	f.Add(uint8(0), "/", "team=Alpha&team=beta&limit=5", "bearer read-1", "null", "{}")
	f.Add(uint8(1), "x", "%", "Bearer", page+"\r\nX-Evil: 1", "")
	f.Add(uint8(5), "%2F..", "accept=true", "Basic YTpi", "https://evil.example", `{"accept": true}`)
	f.Add(
		uint8(7), "\x00", "\xff=\x00", "", "", `{"email": "ann@example.com", "password": "open sesame"}`,
	)
	f.Fuzz(func(t *testing.T, route uint8, tail, query, authorization, origin, body string) {
		s.t = t
		routes := openRoutes(s)
		chosen := routes[int(route)%len(routes)]
		r := httptest.NewRequest(chosen.Method, "/", strings.NewReader(body))
		r.URL = &url.URL{Path: chosen.Path + tail, RawQuery: query}
		r.Header["Authorization"], r.Header["Origin"] = []string{authorization}, []string{origin}
		a := s.send(r)
		if a.StatusCode >= 500 {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
		if got := a.Header.Get("Access-Control-Allow-Origin"); got != "" && got != page {
			t.Errorf("%q is allowed", got)
		}
	})
}

// FuzzSignIn checks that only the password signs in.
func FuzzSignIn(f *testing.F) {
	for _, body := range []string{
		"", "{}", `{"email": "ann@example.com", "password": "guess"}`,
		`{"email": "ann@example.com\u0000", "password": ""}`, `[1]`,
		`{"email": "zoe@example.com", "password": "\ud800"}`, `{"EMAIL": null}`,
	} {
		f.Add(body)
	}
	s := newService(f, staff)
	f.Fuzz(func(t *testing.T, body string) {
		s.t = t
		a := s.post("/api/users/auth", body)
		right := strings.Contains(body, "open sesame") || strings.Contains(body, "Passwort") ||
			strings.Contains(body, `\u`)
		if a.StatusCode == 200 && !right || a.StatusCode >= 500 {
			t.Errorf("%q: %d %s", body, a.StatusCode, a.body)
		}
	})
}
