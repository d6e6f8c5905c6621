package airtablesim_test

import (
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"voc/internal/airtablesim"
	"voc/internal/voctest"
)

// TestServesCompleteSample serves the embedded records, or with VOC_SAMPLE the whole
// sample.
func TestServesCompleteSample(t *testing.T) {
	t.Parallel()
	size := len(voctest.Sample(t))
	b, err := airtablesim.Load(voctest.SampleFile(t))
	if err != nil {
		t.Fatal(err)
	}
	if b.Len() != size {
		t.Fatal(b.Len(), "records")
	}
	s := startOn(t, b, airtablesim.Config{})
	seen := map[string]bool{}
	for p := (params{"fields": []string{"Issue"}}); ; {
		r := s.list(p)
		for _, id := range r.ids() {
			seen[id] = true
		}
		if p["offset"] = r.Offset; r.Offset == "" {
			break
		}
	}
	if c := s.Counters(); len(seen) != size || c.Pages != (size+99)/100 || c.Records != size {
		t.Errorf("%d ids; %+v", len(seen), c)
	}
	fields, _ := s.fields(t)
	for name, want := range map[string]string{
		"Issue": "number", "Created": "dateTime", "Reported On": "dateTime",
		"Last Modified Time": "lastModifiedTime", "Notes": "multilineText",
		"Initial Description": "multilineText",
		"Priority":            "number", "Status": "singleSelect", "Environment": "singleSelect",
		"Area Impacted": "multipleSelects", "Type of Issue": "singleSelect", "Source": "singleSelect",
		"Triage Rep": "singleSelect", "User Profile Email": "email", "Resolution Notes": "multilineText",
		"Team Routed": "singleSelect", "Slack Thread Link": "url",
		"CW 2.0 Bug": "checkbox", "Related IMT": "singleLineText", "Time to In Progress": "formula",
		"Time from In Progress to Done":  "formula",
		"Time from Reported to Referred": "formula", "Time from Referred to Done": "formula",
		"Time From Report to Resolution": "formula",
	} {
		if fields[name].Type != want {
			t.Errorf("%s: %q, want %q", name, fields[name].Type, want)
		}
	}
	if len(fields) != 24 {
		t.Error(len(fields), "fields")
	}
}

func write(t *testing.T, name, content string) string {
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const line = `{"id":"recAAAAAAAAAAAAAA","createdTime":"2025-01-01T00:00:00.000Z","fields":{"A":1}}`

func TestBaseIDDependsOnData(t *testing.T) {
	t.Parallel()
	var z strings.Builder
	w := gzip.NewWriter(&z)
	w.Write([]byte(line))
	w.Close()
	var ids []string
	for name, content := range map[string]string{"a.jsonl": line, "b.jsonl.gz": z.String()} {
		b, err := airtablesim.Load(write(t, name, content))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, b.ID()+b.TableID()+b.FieldID("A"))
	}
	other, err := airtablesim.Load(write(t, "c.jsonl", strings.Replace(line, "1}", "2}", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if ids[0] != ids[1] || !strings.HasPrefix(ids[0], "app") || len(ids[0]) != 3*17 {
		t.Error(ids)
	}
	if strings.HasPrefix(ids[0], other.ID()) || other.FieldID("B") != "" {
		t.Error("other data, the same base")
	}
}

func TestLoadErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ content, want string }{
		"no JSON": {line + "\n\nnonsense", "line 3"},
		"cut":     {line[:40], "line 1"},
		"no id": {`{"createdTime":"2025-01-01T00:00:00.000Z","fields":{}}`,
			"line 1: the record has no id"},
		"no createdTime":  {`{"id":"recA","fields":{}}`, "line 1: the record has no createdTime"},
		"bad createdTime": {`{"id":"recA","createdTime":"soon","fields":{}}`, "line 1"},
		"no fields": {`{"id":"recA","createdTime":"2025-01-01T00:00:00.000Z"}`,
			"line 1: the record has no object of fields"},
		"fields a list": {strings.Replace(line, `{"A":1}`, `[1]`, 1),
			"line 1: the record has no object of fields"},
		"twice": {line + "\n" + line,
			"line 2: the record recAAAAAAAAAAAAAA is in the file twice"},
		"modified": {strings.Replace(line, `"A":1`, `"Last Modified Time":"soon"`, 1),
			`line 1: the field "Last Modified Time" is not a time`},
		"nothing":     {"\n", "no record with a field"},
		"half a gzip": {"\x1f\x8b\x08", "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "data.jsonl", c.content)
			_, err := airtablesim.Load(path)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
	if _, err := airtablesim.Load("testdata/none.jsonl"); err == nil ||
		!strings.Contains(err.Error(), "testdata/none.jsonl") {
		t.Error(err)
	}
}

func TestInferAcceptsAnyValues(t *testing.T) {
	t.Parallel()
	for values, want := range map[string]string{
		`1|"a"`: "singleLineText", `"a"|"a"|"a"|"a"|"a"`: "singleSelect",
		`"a"|"b"|"a"|"b"|"a"`: "singleLineText", `"2025-01-01"|"2025-01-01T00:00:00Z"`: "dateTime",
		`[1]|["a"]`: "multipleLookupValues", `[{"id":"attX","url":"u"}]`: "multipleLookupValues",
		`{"text":"barcode"}`: "formula", `{"error":"#ERROR!"}`: "formula",
		`true|1`: "formula", `{"email":"a@b.c"}`: "singleCollaborator",
		`""|[]|false|null`: "singleLineText", `0`: "number", `1.25`: "number",
	} {
		var lines []string
		for i, v := range strings.Split(values, "|") {
			lines = append(lines,
				strings.Replace(strings.Replace(line, `"A":1`, `"A":`+v, 1), "recA", "rec"+string(rune('A'+i)),
					1))
		}
		b, err := airtablesim.Load(write(t, "data.jsonl", strings.Join(lines, "\n")))
		if err != nil {
			t.Fatal(values, err)
		}
		fields, _ := startOn(t, b, airtablesim.Config{}).fields(t)
		if got := fields["A"].Type; got != want {
			t.Errorf("%s: %s, want %s", values, got, want)
		}
	}
}
