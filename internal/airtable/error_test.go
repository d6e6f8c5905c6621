package airtable_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"unicode"
	"unicode/utf8"

	"voc/internal/airtable"
)

func TestParseErrorBody(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ body, kind, message string }{
		"text": {`{"error":"NOT_FOUND"}`, "NOT_FOUND", ""},
		"object": {`{"error":{"type":"UNAUTHORIZED","message":"Invalid authentication token"}}`,
			"UNAUTHORIZED", "Invalid authentication token"},
		"object, no message": {`{"error":{"type":"LIST_RECORDS_ITERATOR_NOT_AVAILABLE"}}`,
			"LIST_RECORDS_ITERATOR_NOT_AVAILABLE", ""},
		"object, more in it": {`{"error":{"type":"X","message":"m","details":[1]},"trace":"t"}`, "X",
			"m"},
		"list": {`{"errors":[{"error":"RATE_LIMIT_REACHED","message":"later"},{"error":"Y"}]}`,
			"RATE_LIMIT_REACHED", "later"},
		"list and text":        {`{"errors":[],"error":"X"}`, "X", ""},
		"list of another kind": {`{"errors":["X"]}`, "", `{"errors":["X"]}`},
		"object of numbers":    {`{"error":{"type":7}}`, "", `{"error":{"type":7}}`},
		"other JSON":           {`{"message":"internal"}`, "", `{"message":"internal"}`},
		"string alone":         {`"oops"`, "", `"oops"`},
		"HTML":                 {"\n<html>502</html>\n", "", "<html>502</html>"},
		"nothing":              {"", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if kind, message := airtable.ParseErrorBody([]byte(row.body)); kind != row.kind ||
				message != row.message {
				t.Errorf("type %q, message %q, want %q and %q", kind, message, row.kind, row.message)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	for want, row := range map[string]struct {
		step  http.HandlerFunc
		fault airtable.Fault
	}{
		"401 UNAUTHORIZED: words about it": {reject(401, "UNAUTHORIZED"), airtable.FaultToken},
		"403 X: words about it":            {reject(403, "X"), airtable.FaultPermission},
		"418 I'm a teapot":                 {respond(418, ""), airtable.FaultRequest},
		"502 Bad Gateway: <html> sorry </html> (5 tries)": {
			respond(502, "<html>\r\n\tsorry\x00\x1b \n</html>"), airtable.FaultServer},
		"no response: connection refused (5 tries)": {
			breaks(errors.New("connection refused")), airtable.FaultNetwork},
		"429 RATE: words about it (5 tries)": {reject(429, "RATE"), airtable.FaultRate},
		"200 with an unusable body: it is cut short: unexpected EOF (5 tries)": {
			respond(200, ""), airtable.FaultResponse},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, err := steps(row.step).client().Whoami(t.Context())
			if want := "airtable: GET /v0/meta/whoami: " + want; err == nil || err.Error() != want {
				t.Errorf("error is\n%v, want\n%s", err, want)
			}
			if got := failure(t, err).Fault(); got != row.fault {
				t.Errorf("%v: fault %d, want %d", err, got, row.fault)
			}
		})
	}
}

func TestErrorNamesMissingScope(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, err := walk(t.Context(), steps(reject(403, "INVALID_PERMISSIONS")).client())
		contains(t, err.Error(), "POST /v0/"+base+"/tblLeads/listRecords: 403")
		failed := failure(t, err)
		if failed.Scope != "data.records:read" || failed.Fault() != airtable.FaultPermission {
			t.Errorf("scope %q, fault %d", failed.Scope, failed.Fault())
		}
	})
}

func TestNetworkErrorStaysInChain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cause := fmt.Errorf("dial: %w", io.ErrClosedPipe)
		_, err := steps(breaks(cause)).client().Whoami(t.Context())
		if !errors.Is(err, io.ErrClosedPipe) || failure(t, err).Status != 0 {
			t.Errorf("%v, want a status of 0 and its cause", err)
		}
	})
}

// TestTokenIsRedacted holds that no error and no log line shows the token, whatever is
// returned.
func TestTokenIsRedacted(t *testing.T) {
	t.Parallel()
	echo := strings.Repeat("x", 180) + token // cut in the midst of the token
	escaped := strings.ReplaceAll(token, "S", "\\u0053")
	for name, step := range map[string]http.HandlerFunc{
		"in a message": respond(401,
			`{"error":{"type":"UNAUTHORIZED","message":"no such token `+token+`"}}`),
		"in a type": respond(401, `{"error":"`+token+`"}`),
		"in a list of errors": respond(429,
			`{"errors":[{"error":"`+token+`","message":"`+token+`"}]}`),
		"escaped":                        respond(403, `{"error":{"type":"X","message":"`+escaped+`"}}`),
		"across the cut":                 respond(404, echo),
		"with control characters in it":  respond(404, strings.ReplaceAll(token, "SECRET", "SECR\x00ET")),
		"in the header of a redirect":    respond(302, "", "Location", "https://example.com/?"+token),
		"in a transport's error":         breaks(errors.New(`invalid header "Bearer ` + token + `"`)),
		"in a wrapped transport's error": breaks(fmt.Errorf("proxy: %w", errors.New(token))),
		"in an answer": respond(200,
			`{"records":[{"id":"rec1","fields":"`+token+`"}]}`),
		"in an answer cut short": respond(200, `{"records":[],"offset":"`+token),
		"in an offset":           respond(200, `{"records":[],"offset":"`+token+`"}`),
		"behind a lost iterator": respond(422,
			`{"error":{"type":"INVALID_OFFSET_VALUE","message":"`+token+`"}}`),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &strings.Builder{}
				c := steps(step).client(logTo(log))
				_, err := walk(t.Context(), c)
				if err == nil {
					t.Fatal("no error")
				}
				failed, _ := errors.AsType[*airtable.Error](err)
				said := log.String() + err.Error()
				for _, value := range []any{err, failed, errors.Unwrap(err), c} {
					said += fmt.Sprintf("%v %+v %#v %s", value, value, value, value)
				}
				if failed != nil {
					said += fmt.Sprintf("%+v %#v", *failed, *failed)
				}
				if strings.Contains(said, token[:12]) {
					t.Errorf("the token shows in %s", said)
				}
			})
		})
	}
}

// TestMisplacedTokenIsRedacted sets the token as base, table and URL, as if settings were
// swapped.
func TestMisplacedTokenIsRedacted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := &strings.Builder{}
		said := ""
		for _, step := range []http.HandlerFunc{reject(403, "INVALID_PERMISSIONS"), respond(500, "")} {
			c := steps(step).client(logTo(log), func(cfg *airtable.Config) { cfg.Base = token })
			_, schemaErr := c.Schema(t.Context())
			said += schemaErr.Error()
			for _, err := range c.List(t.Context(), token, airtable.Query{}) {
				said += err.Error()
			}
		}
		c := steps(me).client(func(cfg *airtable.Config) { cfg.URL = "://" + token })
		_, err := c.Whoami(t.Context())
		if said += err.Error() + log.String(); strings.Contains(said, token[:12]) {
			t.Errorf("the token shows in %s", said)
		}
	})
}

func TestErrorIsOneLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := steps(respond(404, strings.Repeat("日本語\n\x1b[31m\u202e", 5000)))
		_, err := f.client().Whoami(t.Context())
		message := failure(t, err).Message
		if len(message) > 210 || !utf8.ValidString(message) ||
			strings.ContainsFunc(message, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("message is %d bytes: %q", len(message), message)
		}
	})
}

func FuzzErrorBody(f *testing.F) {
	for _, seed := range []string{
		`{"error":"NOT_FOUND"}`, `{"error":{"type":"A","message":"b"}}`,
		`{"errors":[{"error":"A","message":"b"}]}`,
		`{"error":{"type":"` + token +
			`"}}`, token, "<html>\x00\xff", `{"error":null}`, `{"errors":{}}`, `[]`, ``, "pat\u200bX",
	} {
		f.Add(404, []byte(seed))
		f.Add(429, []byte(seed))
		f.Add(500, []byte(seed))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 201 || status > 599 {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			_, err := steps(respond(status, string(body))).client().Whoami(t.Context())
			text := failure(t, err).Error()
			if !utf8.ValidString(text) || len(text) > 800 ||
				strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("error is %d bytes: %q", len(text), text)
			}
			if strings.Contains(text, token) || !strings.Contains(text, fmt.Sprint(status)) {
				t.Errorf("error %q has the token, or lacks the status %d", text, status)
			}
		})
	})
}
