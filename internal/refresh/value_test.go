package refresh_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"voc/internal/airtablesim"
	"voc/internal/job"
)

func attachment(stamp int) edit {
	url := fmt.Sprintf("https://files.example.com/v1/%d/att1", stamp)
	return edit{"id": "att00000000000001", "url": url, "filename": "a.png", "size": 7,
		"type": "image/png", "width": 10,
		"thumbnails": edit{"small": edit{"url": url + "/small", "width": 5}}}
}

// Airtable makes new attachment URLs for each response, which expire after two hours.
func TestAttachmentURLIsNoEdit(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]func(stamp int) []any{
		"attachments":                 func(stamp int) []any { return []any{attachment(stamp)} },
		"a lookup with an empty cell": func(stamp int) []any { return []any{nil, attachment(stamp)} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, airtablesim.Config{})
			w.AddField("Files", "multipleAttachments")
			w.Update("rec00000000000001", edit{"Files": value(1)})
			w.must(job.Full, job.Published)
			w.Recompute("rec00000000000001", edit{"Files": value(2)})
			w.must(job.Full, job.Unchanged)
			w.must(job.Incremental, job.Unchanged) // within the overlap
			other := attachment(3)
			other["size"] = 8
			w.Recompute("rec00000000000001", edit{"Files": []any{other}})
			w.must(job.Full, job.Published)
			contains(t, w.detail("rec00000000000001"), `"size":8`, `/v1/3/att1`)
		})
	}
}

// A value that only resembles attachments is compared as it is.
func TestOtherURLIsEdit(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]func(n int) any{
		"a button": func(n int) any {
			return edit{"label": `"att`,
				"url": fmt.Sprint("https://example.com/", n)}
		},
		"a list of texts": func(n int) any { return []any{"att", "url", n} },
		"objects without ids": func(n int) any {
			return []any{edit{"name": "att1",
				"url": fmt.Sprint(n)}}
		},
		"a list in a list": func(n int) any {
			return []any{[]any{edit{"id": "att1",
				"url": fmt.Sprint(n)}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, airtablesim.Config{})
			w.AddField("Value", "futureType")
			w.Update("rec00000000000001", edit{"Value": value(1)})
			w.must(job.Full, job.Published)
			w.must(job.Full, job.Unchanged)
			w.Recompute("rec00000000000001", edit{"Value": value(2)})
			w.must(job.Full, job.Published)
		})
	}
}

func TestCellsAreServedUnchanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	deep := any("bottom")
	for range 500 {
		deep = []any{deep}
	}
	for i, value := range []any{
		edit{"specialValue": "NaN"}, edit{"error": "#ERROR!"}, edit{"specialValue": "-Infinity"}, deep,
		1e300, 1e-9, 0, math.Copysign(0, -1), 9007199254740993.0,
		"", " ", "\x00\u2028\u2029\u0085", "<script>&amp;</script>", "=SUM(A1)", "日本語 🙂 e\u0301",
		strings.Repeat("long ", 20_000), `"quotes" \back`,
		[]any{nil, 1, "two", edit{"three": 3}}, true, edit{}, edit{"": ""},
	} {
		name := fmt.Sprintf("Field %d \"of\" {many} <&> \\", i)
		w.AddField(name, "futureType")
		w.Update("rec00000000000001", edit{name: value})
		w.Update("rec00000000000002", edit{name: value, "Status": value, "Time to In Progress": value,
			"Area Impacted": value, "Priority": value})
	}
	w.must(job.Full, job.Published)
	var want edit
	for _, record := range w.Records() {
		if record.ID == "rec00000000000001" {
			want = record.Fields
		}
	}
	var got struct{ Fields edit }
	if err := json.Unmarshal([]byte(w.detail("rec00000000000001")), &got); err != nil {
		t.Fatal(err)
	}
	if a, b := fmt.Sprint(want), fmt.Sprint(got.Fields); a != b {
		t.Errorf("served are %.2000s, want %.2000s", b, a)
	}
	w.clock.Advance(time.Hour)
	w.must(job.Full, job.Unchanged)
	w.teams = `{"login": "Identity"}` // every row is mapped again, from what is kept
	w.must(job.Incremental, job.Published)
	w.converged()
}

// rewriting changes responses in transit, as a proxy might.
type rewriting struct {
	http.RoundTripper
	body func(path string, body []byte) []byte
}

func (r rewriting) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.RoundTripper.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(r.body(req.URL.Path, body)))
	resp.ContentLength = -1
	return resp, nil
}

func TestInvalidUTF8IsRepaired(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.AddField("Mark", "singleLineText")
	w.Update("rec00000000000001", edit{"Mark": "before MARK after", "Notes": "MARK"})
	w.http = rewriting{w.http, func(_ string, body []byte) []byte {
		return bytes.ReplaceAll(body,
			[]byte("MARK"), []byte("\xff\xc3"))
	}}
	w.must(job.Full, job.Published)
	detail := w.detail("rec00000000000001")
	if !json.Valid([]byte(detail)) || strings.ToValidUTF8(detail, "") != detail {
		t.Errorf("%q", detail)
	}
	contains(t, detail, "before \uFFFD after", `"Team Routed":"Payments"`)
	w.must(job.Full, job.Unchanged)
	w.must(job.Incremental, job.Unchanged)
	w.converged()
}

// A name that is not Unicode is not an edit at each read.
func TestAttachmentWithInvalidNameIsNoEdit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.AddField("Files", "multipleAttachments")
	w.Update("rec00000000000001", edit{"Files": []any{attachment(1), "a text among them"}})
	inner, reads := w.http, 0
	w.http = rewriting{inner, func(_ string, body []byte) []byte {
		reads++
		body = bytes.ReplaceAll(body, []byte(`"a.png"`), []byte(`"a\ud83d.png"`))
		return bytes.ReplaceAll(body, []byte("/v1/1/"), fmt.Appendf(nil, "/v1/%d/", reads))
	}}
	w.must(job.Full, job.Published)
	w.must(job.Full, job.Unchanged)
}
