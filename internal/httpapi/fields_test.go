package httpapi_test

import (
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFields compares lists with the same lists of all keys, of which they have a part.
func TestFields(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.publish(some(t), fullRun())
	for given, keys := range map[string][]string{
		"id":                     {"id"},
		"priority":               {"id", "priority"},
		"week,priority,id,week":  {"id", "priority", "week"},
		"triage_rep,description": {"id", "description", "triage_rep"},
		"issue_number,source":    {"id", "issue_number", "source"},
	} {
		for _, query := range []string{"", "&limit=2", "&sort=priority", "&team=Triage"} {
			var want, got []map[string]json.RawMessage
			s.get("/api/feedback/?t=1"+query).decode(t, &want)
			for _, record := range want {
				for key := range record {
					if !slices.Contains(keys, key) {
						delete(record, key)
					}
				}
			}
			a := s.get("/api/feedback/?fields=" + given + query)
			a.decode(t, &got)
			if diff := cmp.Diff(want, got); diff != "" || len(got) == 0 {
				t.Errorf("%s%s: (-part of all +fields)\n%s", given, query, diff)
			}
			if i := strings.Index(a.body, "}"); !inOrder(a.body[:i], keys) {
				t.Errorf("%s: %s", given, a.body[:i])
			}
			table := s.get("/api/feedback/?format=csv&fields=" + given + query)
			rows := must(csv.NewReader(strings.NewReader(table.body)).ReadAll())
			if rows[0][0] = strings.TrimPrefix(rows[0][0], "\ufeff"); !slices.Equal(rows[0], keys) ||
				len(rows) != len(want)+1 {
				t.Errorf("%s%s: %q", given, query, rows)
			}
		}
	}
}

// inOrder reports whether texts occur in a text, one after the other.
func inOrder(text string, keys []string) bool {
	for _, key := range keys {
		var ok bool
		if _, text, ok = strings.Cut(text, `"`+key+`":`); !ok {
			return false
		}
	}
	return true
}

func TestFieldsAreRejected(t *testing.T) {
	t.Parallel()
	s := serving(t)
	for _, given := range []string{"", ",", "id,", "id,,team", "Team", "id, team", "notes", "id;team"} {
		a := s.get("/api/feedback/?fields=" + strings.NewReplacer(" ", "%20", ";", "%3B").Replace(given))
		if a.is(t, 400); !strings.Contains(a.body, `"parameter":"fields"`) ||
			!strings.Contains(a.body, "issue_number") {
			t.Errorf("%q: %s", given, a.body)
		}
	}
	s.get("/api/feedback/?fields=id&fields=team").is(t, 400)
	s.get("/api/feedback/facets?fields=id").is(t, 400)
}

// TestCursorIsNotBoundToFields changes the fields from page to page.
func TestCursorIsNotBoundToFields(t *testing.T) {
	t.Parallel()
	s := serving(t)
	first := s.get("/api/feedback/?limit=2&fields=id")
	cursor := first.Header.Get("X-Next-Cursor")
	want := s.get("/api/feedback/?limit=2&cursor=" + cursor).body
	if again := s.get("/api/feedback/?limit=2").Header.Get("X-Next-Cursor"); again != cursor {
		t.Errorf("the cursors differ: %s, %s", cursor, again)
	}
	next := s.get(first.nextPage(t))
	if next.is(t, 200); strings.Contains(next.body, "team") || next.body == want {
		t.Errorf("%s", next.body)
	}
}
