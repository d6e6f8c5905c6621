package httpapi_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"voc/internal/blob/blobtest"
	"voc/internal/httpapi"
	"voc/internal/snapshot"
)

// carries limits bodies to so many bytes in base64.
func carries(limit int) func(*httpapi.Config) {
	return func(c *httpapi.Config) { c.Platform.AnswerLimit = limit }
}

// inBase64 returns the size of a body in base64.
func inBase64(body string) int { return (len(body) + 2) / 3 * 4 }

func TestPlatformLimit(t *testing.T) {
	t.Parallel()
	free := newService(t)
	free.publish(some(t), fullRun())
	encodings := []string{"identity", "gzip", "br"}
	for i, target := range []string{
		"/api/feedback/", "/api/feedback/?limit=250", "/api/feedback/?priority=low&priority=medium",
		"/api/feedback/?limit=20",
	} {
		for j, encoding := range encodings {
			if testing.Short() && i%len(encodings) != j { // for the next target the next
				continue
			}
			t.Run(target+" "+encoding, func(t *testing.T) {
				want := free.get(target, "Accept-Encoding", encoding)
				size := inBase64(want.body)
				fits := newService(t, carries(size))
				fits.publish(some(t), fullRun())
				a := fits.get(target, "Accept-Encoding", encoding)
				if a.StatusCode != 200 || a.body != want.body {
					t.Errorf("%d, %d bytes of %d where it fits", a.StatusCode, len(a.body), len(want.body))
				}
				narrow := newService(t, carries(size-4), origins("https://app.example.com"))
				narrow.publish(some(t), fullRun())
				for _, method := range []string{"GET", "HEAD"} {
					a := narrow.ask(
						method,
						target,
						"Accept-Encoding",
						encoding,
						"Origin",
						"https://app.example.com",
					)
					a.is(t, 413)
					a.has(
						t,
						"Content-Type",
						"application/problem+json",
						"ETag",
						"",
						"X-Total-Count",
						"",
						"Access-Control-Allow-Origin",
						"https://app.example.com",
					)
				}
			})
		}
	}
}

func TestPlatformLimitAllows304(t *testing.T) {
	t.Parallel()
	tag := serving(t).get("/api/feedback/").Header.Get("ETag")
	narrow := serving(t, carries(400))
	narrow.get("/api/feedback/").is(t, 413)
	narrow.get("/api/feedback/", "If-None-Match", tag).is(t, 304)
}

func TestPlatformLimitWarning(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.publish(some(t), fullRun())
	size := inBase64(s.get("/api/feedback/", "Accept-Encoding", "gzip").body)
	for share, warned := range map[int]bool{69: false, 71: true, 101: true} {
		s := newService(t, carries(size*100/share))
		s.publish(some(t), fullRun())
		warnings := strings.Join(s.status().Warnings, "\n")
		if strings.Contains(warnings, "encoded as gzip") != warned {
			t.Errorf("at %d %% of the limit: %q", share, warnings)
		}
	}
}

func TestPlatformWarnings(t *testing.T) {
	t.Parallel()
	s := serving(t, func(c *httpapi.Config) {
		c.Platform.SecretWarnings = []string{"ADMIN_TOKENS_PARAMETER: gone"}
	})
	warnings := s.status().Warnings
	if len(warnings) != 1 ||
		warnings[0] != `ADMIN_TOKENS_PARAMETER: gone (OPERATE.md, "Secrets unreadable")` {
		t.Errorf("warnings %q", warnings)
	}
}

// In the bubble no time passes while a part is fetched, however busy the machine is.
func TestPlatformFetchWithin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serving(t, func(c *httpapi.Config) { c.Platform.FetchWithin = 20 * time.Millisecond })
		want := s.get("/api/feedback/").body
		s.store.Inject(blobtest.Fault{Effect: blobtest.Hung})
		s.get("/api/cache/").is(t, 200)
		a := s.get("/api/feedback/")
		if a.is(t, 200); a.body != want {
			t.Errorf("%.80q, want what was served before", a.body)
		}
		warnings := s.status().Warnings
		if len(warnings) != 1 || !strings.Contains(warnings[0], "deadline exceeded") {
			t.Errorf("warnings %q", warnings)
		}
	})
}

// A part that is not on the host yet is fetched by the request that needs it.
func TestReplicaWithin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serving(t, func(c *httpapi.Config) {
			c.Replica.FetchFirst(snapshot.Serve).Within(20 * time.Millisecond)
		})
		s.store.Inject(blobtest.Fault{Effect: blobtest.Hung})
		s.get("/api/feedback/").is(t, 503)
	})
}

func TestUnreadTokens(t *testing.T) {
	t.Parallel()
	unread := func(c *httpapi.Config) { c.Access.TokensUnread = true }
	s := serving(t, tokens, unread)
	for _, target := range []string{"/api/feedback/", "/api/cache/"} {
		a := s.get(target, "Authorization", "Bearer read-1")
		a.is(t, 503)
		a.has(t, "Retry-After", "15")
	}
	s.post("/api/cache/update-full", "").is(t, 503)
	s.get("/api/live").is(t, 200)
	public := serving(t, unread)
	public.get("/api/feedback/").is(t, 200)
	public.post("/api/cache/update-full", "").is(t, 503)
}
