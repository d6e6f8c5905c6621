package httpapi_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"voc/internal/blob/blobtest"
	"voc/internal/feedback"
	"voc/internal/job"
)

// walk follows the links from a target, and returns the ids of each page.
func (s *service) walk(t testing.TB, target string) (pages [][]string, answers []answer) {
	t.Helper()
	for target != "" {
		a := s.get(target)
		ids := []string{}
		for _, row := range a.list(t) {
			ids = append(ids, row.ID)
		}
		pages, answers = append(pages, ids), append(answers, a)
		if len(pages) > 100 {
			t.Fatalf("no end: %s", target)
		}
		target = a.nextPage(t)
	}
	return pages, answers
}

func TestPagesCoverListOnce(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for _, query := range []string{
		"", "team=alpha", "sort=priority&environment=kiosk", "q=first",
		"q=first&sort=-issue_number&team=beta&team=alpha", "q=more+first&sort=relevance", "team=nobody",
	} {
		whole, all := s.listed(query)
		for _, limit := range []int{1, 7, 24, 48, 1000} {
			pages, answers := s.walk(t, fmt.Sprintf("/api/feedback?%s&limit=%d", query, limit))
			if got := slices.Concat(pages...); !slices.Equal(got, whole) {
				t.Errorf("%s, %d a page: %v, want %v", query, limit, got, whole)
			}
			for i, a := range answers {
				if len(pages[i]) != limit && i < len(pages)-1 {
					t.Errorf("%s: page %d has %d of %d", query, i, len(pages[i]), limit)
				}
				a.has(t, "X-Total-Count", all.Header.Get("X-Total-Count"), "X-Snapshot", s.current().ID)
				next := must(url.Parse(a.nextPage(t))).Query().Get("cursor")
				a.has(t, "X-Next-Cursor", next)
			}
		}
	}
}

// TestPagesOfAnyLimit checks for many queries that the pages together are the list.
func TestPagesOfAnyLimit(t *testing.T) {
	t.Parallel()
	s := serving(t)
	rapid.Check(t, func(t *rapid.T) {
		values := url.Values{}
		for name, choices := range map[string][]string{
			"team": {"alpha", "BETA", "Triage", "Money", "x"}, "priority": {"high", "urgent", "low"},
			"environment": {"kiosk", "CW 1.0"}, "area": {"billing", "Unknown"},
			"q":            {"first", "more first", "short", `"日本語"`},
			"created_from": {"2026-11-23", "2026-11-22T20:00:00Z"}, "created_to": {"2026-11-23T06:00:00Z"},
			"sort": append(sortNames(), "relevance"), "status": {"new"},
		} {
			if rapid.Bool().Draw(t, name) {
				values.Set(name, rapid.SampledFrom(choices).Draw(t, name))
			}
		}
		if values.Get("sort") == "relevance" && values.Get("q") == "" {
			values.Del("sort")
		}
		whole, _ := s.listed(values.Encode())
		values.Set("limit", strconv.Itoa(rapid.IntRange(1, 20).Draw(t, "limit")))
		pages, _ := s.walk(s.t, "/api/feedback/?"+values.Encode())
		if got := slices.Concat(pages...); !slices.Equal(got, whole) {
			t.Errorf("%s: %v, want %v", values.Encode(), got, whole)
		}
	})
}

func sortNames() (names []string) {
	for _, sort := range feedback.Sorts {
		names = append(names, string(sort))
	}
	return names
}

func TestLinkKeepsParameters(t *testing.T) {
	t.Parallel()
	s := serving(t)
	target := "/api/feedback?t=5&team=beta&team=alpha&limit=2&_=1&sort=-priority&" +
		"q=%22more+first%22&format=json&area=Billing&created_from=2026-01-01T00:00:00%2B02:00"
	next := s.get(target).nextPage(t)
	path, query, _ := strings.Cut(next, "?")
	got := must(url.ParseQuery(query))
	want := must(url.ParseQuery(target[strings.Index(target, "?")+1:]))
	want.Del("t")
	want.Del("_")
	slices.Sort(want["team"])
	cursor := got.Get("cursor")
	got.Del("cursor")
	if path != "/api/feedback" || got.Encode() != want.Encode() || cursor == "" {
		t.Errorf("%s leads to %s", target, next)
	}
	again := s.get(next)
	if again.is(t, 200); strings.Count(again.Header.Get("Link"), "cursor=") != 1 {
		t.Errorf("Link: %s", again.Header.Get("Link"))
	}
}

func TestCursorAllowsOtherLimitAndFormat(t *testing.T) {
	t.Parallel()
	s := serving(t)
	whole, _ := s.listed("team=beta")
	next := must(url.Parse(s.get("/api/feedback/?team=beta&limit=2").nextPage(t)))
	values := next.Query()
	values.Set("limit", "3")
	if got, _ := s.listed(values.Encode()); !slices.Equal(got, whole[2:5]) {
		t.Errorf("%v, want %v", got, whole[2:5])
	}
	values.Set("format", "csv")
	a := s.get("/api/feedback/?" + values.Encode())
	if strings.Count(a.body, "\r\n") != 1+3 || !strings.Contains(a.Header.Get("Link"), "format=csv") {
		t.Errorf("%s %q", a.Header.Get("Link"), a.body)
	}
}

func TestCursorRejectsOtherQuery(t *testing.T) {
	t.Parallel()
	s := serving(t)
	cursor := must(
		url.Parse(s.get("/api/feedback/?team=beta&sort=status&limit=2").nextPage(t)),
	).Query().
		Get("cursor")
	for _, query := range []string{
		"", "team=alpha&sort=status", "team=beta", "team=beta&sort=-status",
		"team=beta&team=alpha&sort=status", "team=beta&sort=status&q=first",
		"team=beta&sort=status&area=Billing",
	} {
		a := s.get("/api/feedback/?" + query + "&limit=2&cursor=" + cursor)
		a.is(t, 400)
		if p := a.problem(t); len(p.Errors) != 1 || p.Errors[0].Parameter != "cursor" ||
			!strings.Contains(p.Errors[0].Detail, "filters") {
			t.Errorf("%s: %s", query, a.body)
		}
	}
	s.get("/api/feedback/?sort=status&limit=5&team=beta&t=1&cursor="+cursor).is(t, 200)
	without := s.get("/api/feedback/?team=beta&sort=status&cursor=" + cursor)
	if without.is(t, 400); !strings.Contains(without.body, "requires limit") {
		t.Errorf("%s", without.body)
	}
}

func TestCursorDetectsChanges(t *testing.T) {
	t.Parallel()
	s := serving(t)
	cursor := must(url.Parse(s.get("/api/feedback/?limit=2").nextPage(t))).Query().Get("cursor")
	raw := must(base64.RawURLEncoding.DecodeString(cursor))
	for i := range raw {
		for bit := range 8 {
			changed := slices.Clone(raw)
			changed[i] ^= 1 << bit
			a := s.get("/api/feedback/?limit=2&cursor=" + base64.RawURLEncoding.EncodeToString(changed))
			if a.StatusCode != http.StatusBadRequest {
				t.Errorf("byte %d, bit %d: %d %s", i, bit, a.StatusCode, a.body)
			}
		}
	}
	for end := range cursor {
		s.get("/api/feedback/?limit=2&cursor="+cursor[:end]).is(t, 400)
	}
	s.get("/api/feedback/?limit=2&cursor="+cursor+"A").is(t, 400)
}

func TestCursorPinsSnapshot(t *testing.T) {
	t.Parallel()
	s := serving(t)
	whole, _ := s.listed("")
	first := s.current()
	began := s.get("/api/feedback/?limit=10")
	s.publish(others(), nextRun(job.Full, "b", time.Minute))
	pages, answers := s.walk(t, began.nextPage(t))
	if got := slices.Concat(pages...); !slices.Equal(got, whole[10:]) {
		t.Errorf("%v, want %v", got, whole[10:])
	}
	for _, a := range answers {
		a.has(t, "X-Snapshot", first.ID, "X-Total-Count", "48")
		s.get(began.nextPage(t), "If-None-Match", a.Header.Get("ETag"))
	}
	_, a := s.listed("")
	if a.Header.Get("X-Snapshot") == first.ID || a.Header.Get("X-Total-Count") != "50" {
		t.Errorf("a list that begins now is of %s", a.Header.Get("X-Snapshot"))
	}
}

func TestCursorOfDeletedSnapshot(t *testing.T) {
	t.Parallel()
	s := serving(t)
	next := s.get("/api/feedback/?limit=10").nextPage(t)
	for i := range 5 { // as many as are kept
		s.get(next).is(t, 200)
		s.publish(others(), nextRun(job.Full, fmt.Sprint("b", i), time.Duration(i+1)*time.Minute))
	}
	for range 2 {
		a := s.get(next, "If-None-Match", "*")
		a.is(t, 410)
		if p := a.problem(t); !strings.Contains(p.Detail, "begin again") {
			t.Errorf("%s", a.body)
		}
		a.has(t, "ETag", "", "Link", "", "X-Total-Count", "", "Cache-Control", "no-store")
	}
}

func TestCursorOfUnfetchedSnapshot(t *testing.T) {
	t.Parallel()
	s := serving(t)
	next := s.get("/api/feedback/?limit=10").nextPage(t)
	s.publish(others(), nextRun(job.Full, "b", time.Minute))
	s.store.Inject(blobtest.Fault{Kind: blobtest.Get, N: 1, Effect: blobtest.Refused})
	a := s.get(next)
	if a.is(t, 503); a.Header.Get("Retry-After") == "" {
		t.Errorf("%s", a.body)
	}
	s.get(next).is(t, 200)
}

func TestCursorOfAnotherBase(t *testing.T) {
	t.Parallel()
	s := serving(t)
	forged := "/api/feedback/?limit=10&cursor=" + base64.RawURLEncoding.EncodeToString(
		[]byte("\x01\x05\x30"+strings.Repeat("x", 40)),
	)
	s.get(forged).is(t, 400)
	empty := newService(t)
	empty.get(s.get("/api/feedback/?limit=10").nextPage(t)).is(t, 503)
}

// FuzzCursor checks that the response is a page, or a problem that names the cursor.
func FuzzCursor(f *testing.F) {
	s := serving(f)
	next := must(url.Parse(s.get("/api/feedback/?limit=2").nextPage(f))).Query().Get("cursor")
	for _, seed := range []string{
		"", "a", next, next[1:], next + next, strings.ToUpper(next), "AQ", "AQUw",
		strings.Repeat("_", 500), "\x00", "=", next + "=", next + "\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		s.t = t
		a := s.send(request("/api/feedback/", url.Values{"limit": {"2"}, "cursor": {cursor}}.Encode()))
		if a.StatusCode == 200 && cursor == next {
			return
		}
		if a.is(t, 400); !strings.Contains(a.body, `"parameter":"cursor"`) {
			t.Errorf("%q: %s", cursor, a.body)
		}
	})
}
