package voctest_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"voc/internal/voctest"
)

type record struct {
	ID          string         `json:"id"`
	CreatedTime time.Time      `json:"createdTime"`
	Fields      map[string]any `json:"fields"`
}

func decode(t *testing.T, lines [][]byte) (records []record) {
	t.Helper()
	for i, line := range lines {
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("record %d: %v", i+1, err)
		}
		records = append(records, r)
	}
	return records
}

// text is a field that holds text, "" if it holds anything else.
func (r record) text(name string) string {
	text, _ := r.Fields[name].(string)
	return text
}

func (r record) has(name string) bool { return r.Fields[name] != nil }

// narrative reports whether a narrative of the record matches.
func (r record) narrative(matches func(string) bool) bool {
	return matches(r.text("Notes")) || matches(r.text("Initial Description"))
}

func (r record) resolution(pattern string) bool {
	return regexp.MustCompile(pattern).MatchString(r.text("Resolution Notes"))
}

// number reports whether one of the fields of hours holds an object with the key.
func (r record) number(key string) bool {
	for name, value := range r.Fields {
		object, ok := value.(map[string]any)
		if _, there := object[key]; ok && there && strings.HasPrefix(name, "Time") {
			return true
		}
	}
	return false
}

// bareCR matches a CR that no LF follows.
var bareCR = regexp.MustCompile(`\r([^\n]|$)`)

// irregularities are the oddities of real bases, with the number of records that must
// have each.
var irregularities = map[string]struct {
	least int
	in    func(record) bool
}{
	"no Status":                {1, func(r record) bool { return !r.has("Status") }},
	"no Priority":              {1, func(r record) bool { return !r.has("Priority") }},
	"no Environment":           {1, func(r record) bool { return !r.has("Environment") }},
	"no Area Impacted":         {1, func(r record) bool { return !r.has("Area Impacted") }},
	"no Type of Issue":         {1, func(r record) bool { return !r.has("Type of Issue") }},
	"no Reported On":           {1, func(r record) bool { return !r.has("Reported On") }},
	"a ticked box":             {1, func(r record) bool { return r.Fields["CW 2.0 Bug"] == true }},
	"a box that is left out":   {1, func(r record) bool { return !r.has("CW 2.0 Bug") }},
	"an area as a bare string": {1, func(r record) bool { return r.text("Area Impacted") != "" }},
	"several areas": {1, func(r record) bool {
		areas, _ := r.Fields["Area Impacted"].([]any)
		return len(areas) > 1
	}},
	"Reported On with a time": {1,
		func(r record) bool { return len(r.text("Reported On")) > len(time.DateOnly) }},
	"Reported On as a date": {1,
		func(r record) bool { return len(r.text("Reported On")) == len(time.DateOnly) }},
	"both narratives": {1,
		func(r record) bool { return r.has("Notes") && r.has("Initial Description") }},
	"Notes alone": {1,
		func(r record) bool { return r.has("Notes") && !r.has("Initial Description") }},
	"Initial Description alone": {1,
		func(r record) bool { return !r.has("Notes") && r.has("Initial Description") }},
	"no narrative": {1,
		func(r record) bool { return !r.has("Notes") && !r.has("Initial Description") }},
	"NaN in a number field": {5, func(r record) bool { return r.number("specialValue") }},
	"an error in one":       {3, func(r record) bool { return r.number("error") }},
	"emoji": {1,
		func(r record) bool { return r.resolution(`[\x{1F300}-\x{1FAFF}]`) }},
	"CJK": {1,
		func(r record) bool { return r.resolution(`\p{Han}|\p{Hiragana}|\p{Katakana}|\p{Hangul}`) }},
	"HTML":              {1, func(r record) bool { return r.resolution(`</?[a-rt-z]`) }},
	"a script":          {1, func(r record) bool { return r.resolution(`<script>`) }},
	"a formula":         {1, func(r record) bool { return r.resolution(`=SUM\(`) }},
	"CR in a narrative": {1, func(r record) bool { return r.narrative(bareCR.MatchString) }},
	"CRLF in a narrative": {1, func(r record) bool {
		return r.narrative(func(text string) bool { return strings.Contains(text, "\r\n") })
	}},
	"a large record": {1, func(r record) bool {
		return len(fmt.Sprint(r.Fields)) > 22_000
	}},
}

func TestRecordsHaveEveryIrregularity(t *testing.T) {
	t.Parallel()
	records := decode(t, voctest.Records(t))
	for name, irregularity := range irregularities {
		found := 0
		for _, r := range records {
			if irregularity.in(r) {
				found++
			}
		}
		if found < irregularity.least {
			t.Errorf("%s: in %d records, want at least %d", name, found, irregularity.least)
		}
	}
	letters, repeated := map[string]bool{}, 0
	for _, r := range records {
		for name, value := range r.Fields {
			if value == false || value == nil || value == "" {
				t.Errorf("%s: %s is %v, and Airtable omits empty cells", r.ID, name, value)
			}
		}
		if text := r.text("Notes") + r.text("Initial Description"); len(text) > 200 {
			if letters[text] {
				repeated++
			}
			letters[text] = true
		}
	}
	if repeated < 2 {
		t.Errorf("%d repeated form letters, want at least 2", repeated)
	}
}

func TestRecords(t *testing.T) {
	t.Parallel()
	lines := voctest.Records(t)
	records := decode(t, lines)
	if len(records) != 295 {
		t.Errorf("%d records, want the 295 that doc.go names", len(records))
	}
	ids, weeks := map[string]bool{}, map[string]bool{}
	for i, r := range records {
		ids[r.ID] = true
		year, week := r.CreatedTime.ISOWeek()
		weeks[fmt.Sprint(year, week)] = true
		if i > 0 && r.CreatedTime.Before(records[i-1].CreatedTime) {
			t.Errorf("record %d is older than the one before it", i+1)
		}
		if r.CreatedTime.Year() != 2025 {
			t.Errorf("record %d was created in %d", i+1, r.CreatedTime.Year())
		}
	}
	if len(ids) != len(records) || len(weeks) != 53 {
		t.Errorf("%d ids of %d records, %d weeks, want 53", len(ids), len(records), len(weeks))
	}
}

func TestFirst(t *testing.T) {
	t.Parallel()
	lines := voctest.Records(t)
	if got := voctest.First(t, 60); !slices.EqualFunc(got, lines[:60], bytes.Equal) {
		t.Error("the first 60 are not the first 60 of the embedded records")
	}
	many := decode(t, voctest.First(t, 700))
	originals := map[string]record{}
	for _, r := range decode(t, lines) {
		originals[r.ID[:13]] = r
	}
	ids, issues := map[string]bool{}, map[any]bool{}
	for i, r := range many {
		ids[r.ID], issues[r.Fields["Issue"]] = true, true
		if i > 0 && r.CreatedTime.Before(many[i-1].CreatedTime) {
			t.Errorf("record %d is older than the one before it", i+1)
		}
		original := originals[r.ID[:13]]
		if original.ID == r.ID {
			continue
		}
		for name, value := range r.Fields {
			same := fmt.Sprint(value) == fmt.Sprint(original.Fields[name])
			other := slices.Contains([]string{"Created", "Issue", "Last Modified Time"}, name)
			if same == other {
				t.Fatalf("%s: %s is %v, and %v in the original", r.ID, name, value, original.Fields[name])
			}
		}
		if !maps.EqualFunc(r.Fields, original.Fields, func(any, any) bool { return true }) {
			t.Fatalf("%s has other fields than its original", r.ID)
		}
	}
	if len(many) != 700 || len(ids) != 700 || len(issues) != 700 {
		t.Errorf("%d records, %d ids, %d issue numbers, want 700", len(many), len(ids), len(issues))
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	path := voctest.File(t, 2, func(fields map[string]any) { fields["Notes"] = "changed" })
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	records := decode(t, bytes.Split(bytes.TrimSpace(content), []byte("\n")))
	if len(records) != 2 || records[0].Fields["Notes"] != "changed" || !filepath.IsAbs(path) {
		t.Errorf("%s holds %v", path, records)
	}
}

// TestSampleVariable sets the variable, so it is not parallel.
func TestSampleVariable(t *testing.T) {
	t.Setenv(voctest.Variable, "")
	if n := len(voctest.Sample(t)); n != len(voctest.Records(t)) {
		t.Errorf("unset: %d records to compare over", n)
	}
	if n := len(voctest.Whole(t)); n != voctest.WholeSize {
		t.Errorf("unset: %d records to measure with, want %d", n, voctest.WholeSize)
	}

	plain := voctest.File(t, 3, nil)
	content, err := os.ReadFile(plain)
	if err != nil {
		t.Fatal(err)
	}
	packed := filepath.Join(t.TempDir(), "three.jsonl.gz")
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write(content)
	w.Close()
	if err := os.WriteFile(packed, z.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{plain, packed} {
		t.Setenv(voctest.Variable, path)
		if a, b := len(voctest.Sample(t)), len(voctest.Whole(t)); a != 3 || b != 3 {
			t.Errorf("%s: %d and %d records, want 3", path, a, b)
		}
	}

	damaged := filepath.Join(t.TempDir(), "damaged.jsonl")
	if err := os.WriteFile(damaged, append(content, "{}\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"records.jsonl":                          "write an absolute one",
		filepath.Join(t.TempDir(), "none.jsonl"): "no such file",
		damaged:                                  "line 4: the record needs id, createdTime and fields",
	} {
		t.Setenv(voctest.Variable, path)
		for _, read := range []func(testing.TB) [][]byte{voctest.Sample, voctest.Whole} {
			message := failure(t, read)
			if !strings.Contains(message, voctest.Variable) || !strings.Contains(message, want) {
				t.Errorf("%s: the test fails with %q, want %q", path, message, want)
			}
		}
	}
}

// failing is a test that records how it fails.
type failing struct {
	testing.TB
	message string
}

func (f *failing) Helper() {}

func (f *failing) Fatalf(format string, args ...any) {
	f.message = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// failure returns the message of a test that fails in read.
func failure(t *testing.T, read func(testing.TB) [][]byte) string {
	f := &failing{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		read(f)
	}()
	<-done
	return f.message
}
