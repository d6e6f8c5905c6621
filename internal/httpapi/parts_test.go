package httpapi_test

import (
	"strings"
	"testing"

	"voc/internal/blob/blobtest"
	"voc/internal/httpapi"
	"voc/internal/job"
	"voc/internal/snapshot"
)

// byNeed makes a service fetch all parts but the details when a request needs them.
func byNeed(c *httpapi.Config) { c.Replica.FetchFirst(snapshot.Details) }

// Data routes answer from the newest snapshot whose part is whole, and say so.
func TestDamagedPartIsReplaced(t *testing.T) {
	t.Parallel()
	for kind, target := range map[snapshot.Kind]string{
		snapshot.Serve: "/api/feedback/?limit=5", snapshot.List: "/api/feedback/",
	} {
		s := serving(t, byNeed)
		want := s.get(target).body
		first := s.current().ID
		s.publish(few(), nextRun(job.Full, "b", 0))
		fresh := newServiceOver(t, s.store, s.clock, byNeed)
		s.damage(s.current().Part(kind).Key)
		for range 2 {
			a := fresh.get(target)
			a.is(t, 200)
			a.has(t, "X-Snapshot", first)
			if a.body != want {
				t.Errorf("%s: %.80q", kind, a.body)
			}
		}
		health := fresh.get("/api/health")
		if health.StatusCode != 503 || !strings.Contains(health.body, "an older snapshot") {
			t.Errorf("%s: %d %s", kind, health.StatusCode, health.body)
		}
	}
}

// If the part of the only snapshot is damaged or cannot be fetched, requests that need it are told
// to retry, also with a cursor, others are answered, and health is not ok.
func TestPartThatCannotBeFetched(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(s *service, key string){
		"damaged": func(s *service, key string) { s.damage(key) },
		"refused": func(s *service, key string) {
			s.store.Inject(blobtest.Fault{Kind: blobtest.Get, Key: key, Effect: blobtest.Refused})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serving(t)
			next := s.get("/api/feedback/?limit=5").Header.Get("X-Next-Cursor")
			fresh := newServiceOver(t, s.store, s.clock, byNeed)
			spoil(fresh, s.current().Part(snapshot.Serve).Key)
			for _, target := range []string{
				"/api/feedback/?limit=5", "/api/feedback/?limit=5&cursor=" + next,
				"/api/feedback/?q=first", "/api/feedback/facets",
			} {
				a := fresh.get(target)
				if a.is(t, 503); !strings.Contains(a.body, "snapshot-not-fetched") {
					t.Errorf("%s: %s", target, a.body)
				}
			}
			fresh.get("/api/feedback/").is(t, 200)
			fresh.get("/api/feedback/rec00000000000001").is(t, 200)
			health := fresh.get("/api/health")
			if health.StatusCode != 503 || !strings.Contains(health.body, "cannot be fetched") {
				t.Errorf("health: %d %s", health.StatusCode, health.body)
			}
			if warnings := fresh.status().Warnings; len(warnings) == 0 {
				t.Error("the status has no warning")
			}
		})
	}
}
