package feedback_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"voc/internal/feedback"
)

func privacy(t *testing.T, text string, m feedback.Mapping) feedback.Privacy {
	t.Helper()
	p, err := feedback.ParsePrivacy(text, m)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParsePrivacy(t *testing.T) {
	t.Parallel()
	m := mapping(t, "", "")
	read := func(key string, names ...string) map[string][]string {
		return map[string][]string{key: names}
	}
	for text, want := range map[string]feedback.Privacy{
		"none": {},
		"notes": {
			Keys: []string{"notes"}, Reads: read("notes", "Notes"),
		},
		" STATUS , Secret Plan,, fld1": {
			Keys: []string{"status"}, Reads: read("status", "Status"),
			Fields: []string{"Secret Plan", "fld1"},
		},
		`["Budget, EUR","reporter_email:mask"]`: {
			Masked: []string{"reporter_email"}, Reads: read("reporter_email", "User Profile Email"),
			Fields: []string{"Budget, EUR"},
		},
		"reporter_email,reporter_email:mask": {
			Keys: []string{"reporter_email"}, Reads: read("reporter_email", "User Profile Email"),
			Masked: []string{},
		},
		"environment": {
			Keys: []string{"environment"}, Reads: read("environment", "Environment", "CW 2.0 Bug"),
		},
		"week": {
			Keys: []string{"created"}, Reads: read("created", "Created", "Reported On"),
		},
		"fields": {Only: []string{}},
	} {
		if diff := cmp.Diff(want, privacy(t, text, m)); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestParsePrivacyRejects(t *testing.T) {
	t.Parallel()
	m := mapping(t, "", "")
	for text, want := range map[string]string{
		",":           "no name",
		"[1]":         "JSON list",
		"none,notes":  "stands alone",
		"status:mask": "cannot be masked",
		"Secret:mask": "cannot be masked",
		"id":          "cannot be private",
		":mask":       "before the colon",
		"id,none":     "stands alone",
	} {
		if _, err := feedback.ParsePrivacy(text, m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// What a configuration allows must have been hidden from all that it hides itself.
func TestPrivacyAllows(t *testing.T) {
	t.Parallel()
	m, other := mapping(t, "", ""), mapping(t, `{"notes":"Memo"}`, "")
	public := feedback.DefaultPrivacy(m)
	of := func(text string) feedback.Privacy { return privacy(t, text, m) }
	for name, c := range map[string]struct {
		configured, made feedback.Privacy
		want             bool
	}{
		"nothing hidden":           {of("none"), of("none"), true},
		"more hidden":              {of("none"), public, true},
		"less hidden":              {public, of("none"), false},
		"the same":                 {public, public, true},
		"hidden for masked":        {of("reporter_email:mask"), of("reporter_email"), true},
		"masked for hidden":        {of("reporter_email"), of("reporter_email:mask"), false},
		"a field by its key":       {of("Memo"), privacy(t, "notes", other), true},
		"a key by its field":       {of("notes"), of("Notes,Memo"), true},
		"a key that is read anew":  {privacy(t, "notes", other), of("notes"), false},
		"another spelling":         {of("secret  plan"), of("Secret Plan"), true},
		"another field":            {of("Secret Plan"), of("Secret"), false},
		"fields, all but mapped":   {public, of("reporter_email:mask"), false},
		"a field that is mapped":   {public, feedback.DefaultPrivacy(other), false},
		"no fields for the mapped": {public, of("fields,reporter_email"), true},
	} {
		if got := c.configured.Allows(c.made); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
		var copied feedback.Privacy // as a manifest keeps it
		text, err := json.Marshal(c.made)
		if err == nil {
			err = json.Unmarshal(text, &copied)
		}
		if diff := cmp.Diff(c.made, copied); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

// Screened maps the cells of a record for readers, and returns all that they see of it.
func screened(t *testing.T, m feedback.Mapping, private, cells string) (detail, fields string) {
	t.Helper()
	renamed := func(name string) []string {
		return map[string][]string{"fldSecret": {"Secret Plan"}, "Old": {"New"}}[name]
	}
	record := feedback.Record{ID: "rec1"}
	if err := json.Unmarshal([]byte(cells), &record.Fields); err != nil {
		t.Fatal(err)
	}
	p := feedback.DefaultPrivacy(m)
	if private != "" {
		p = privacy(t, private, m)
	}
	f, shown := feedback.NewScreen(m, p, renamed).Map(record)
	text, err := json.Marshal(shown)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := feedback.Join(f.Summary(), f.Detail(""), text)
	if err != nil {
		t.Fatal(err)
	}
	return string(whole), string(text)
}

func TestScreenHides(t *testing.T) {
	t.Parallel()
	m := mapping(t, "", `{"Login":"Identity"}`).WithBox(true)
	const cells = `{"Notes":"n0te","Resolution Notes":"res","Team Routed":"Blue",
		"Area Impacted":["Login"],"Environment":"Prod","CW 2.0 Bug":true,"Status":"Open",
		"User Profile Email":"ann@example.com","Secret Plan":"plan","New":"n3w"}`
	for private, hidden := range map[string][]string{
		"":                    {"ann@", "plan", "n3w"},
		"notes":               {"n0te"},
		"description":         {"n0te", `:"res"`},
		"team":                {"Blue", "Identity"},
		"area_impacted":       {"Login", "Identity"},
		"environment":         {"Prod", "CW 2.0", "CW 1.0"},
		"status":              {"Open"},
		"fldSecret":           {"plan"},
		"secret plan":         {"plan"},
		"Old":                 {"n3w"},
		"reporter_email":      {"ann", "example.com"},
		"User Profile Email":  {"ann", "example.com"},
		"reporter_email:mask": {"ann@"},
		"fields":              {"plan", "n3w"},
	} {
		detail, _ := screened(t, m, private, cells)
		for _, text := range hidden {
			if strings.Contains(detail, text) {
				t.Errorf("%q shows %q: %s", private, text, detail)
			}
		}
	}
	for private, want := range map[string][]string{
		"none":                {`"team":"Blue"`, `"notes":"n0te"`, `"Secret Plan":"plan"`},
		"team":                {`"team":"Triage"`, `"areas":["Login"]`},
		"notes":               {`"description":"res"`, `"notes":""`},
		"status":              {`"status":"New"`},
		"environment":         {`"environment":"Unknown"`},
		"reporter_email:mask": {`"reporter_email":"a…@example.com"`, `"Secret Plan":"plan"`},
		"":                    {`"reporter_email":"a…@example.com"`, `"Notes":"n0te"`},
		"fields":              {`"fields":{}`, `"notes":"n0te"`},
	} {
		detail, _ := screened(t, m, private, cells)
		for _, text := range want {
			if !strings.Contains(detail, text) {
				t.Errorf("%q does not show %q: %s", private, text, detail)
			}
		}
	}
}

func TestScreenMasks(t *testing.T) {
	t.Parallel()
	m := mapping(t, `{"triage_rep":["Rep","Deputy"],"source":"Rep"}`, "")
	for cells, want := range map[string]string{
		`{"Rep":"ann@example.com"}`:                                 "a…@example.com",
		`{"Rep":"élan@example.com"}`:                                "é…@example.com",
		`{"Rep":{"name":"Ann Poe","email":"ann@example.com"}}`:      "a…@example.com",
		`{"Rep":[{"email":"a.p@x.org"},"bo@y.org"]}`:                "a…@x.org, b…@y.org",
		`{"Rep":"ann@x.org; bo@y.org"}`:                             "a…@x.org, b…@y.org",
		`{"Rep":{"name":"Ann Poe"}}`:                                "N/A",
		`{"Rep":"Ann Poe <ann@example.com>"}`:                       "N/A",
		`{"Rep":"@example.com"}`:                                    "N/A",
		`{"Rep":7,"Deputy":"bo@y.org"}`:                             "b…@y.org",
		`{"User Profile Email":"cy@x.org","Deputy":["no address"]}`: "N/A",
	} {
		detail, fields := screened(t, m, "triage_rep:mask", cells)
		if !strings.Contains(detail, `"triage_rep":"`+want+`"`) {
			t.Errorf("%s: %s", cells, detail)
		}
		if strings.Contains(fields, "Rep") || !strings.Contains(detail, `"source":"N/A"`) {
			t.Errorf("%s: a masked field is shown: %s", cells, detail)
		}
	}
	detail, _ := screened(t, m, "triage_rep:mask,Rep", `{"Rep":"ann@x.org","Deputy":"bo@y.org"}`)
	if !strings.Contains(detail, `"triage_rep":"b…@y.org"`) {
		t.Errorf("a hidden field of a masked key: %s", detail)
	}
}
