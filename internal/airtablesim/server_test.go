package airtablesim_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"voc/internal/airtablesim"
	"voc/internal/voctest"
)

func TestBeforeReceivesEachCall(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{Rate: 4})
	var seen []string
	s.Before(func(c airtablesim.Call) { seen = append(seen, fmt.Sprint(c.Number, c.Kind, c.Page)) })
	s.call("GET", "/nowhere", nil)
	offset := s.list(params{"pageSize": 10}).Offset
	s.list(params{"pageSize": 10, "offset": offset})
	s.list(params{"offset": "itr/rec"}).mustBe(t, 422, "")
	s.call("GET", s.table+"/"+s.id("Row 01"), nil)
	s.list(params{}).mustBe(t, 429, "")
	s.call("GET", "/v0/meta/whoami", nil)
	s.Before(nil)
	s.call("GET", "/v0/meta/whoami", nil)
	if want := []string{"2list1", "3list2", "4list0", "5read0", "7whoami0"}; !slices.Equal(seen,
		want) {
		t.Error(seen)
	}
}

func TestEditMethods(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	id := s.Create(params{"Name": "Row 13", "Score": params{"error": "#ERROR!"}, "Tags": "bare",
		"Done": false})
	s.call("GET", s.table+"/"+id, nil).mustBe(t, 200,
		`"createdTime":"2026-11-23T12:00:00.000Z",`+
			`"fields":{"Name":"Row 13","Tags":"bare","Score":{"error":"#ERROR!"}}}`)
	s.Recompute(id, params{"Score": 1})
	s.call("GET", s.table+"/"+id, nil).mustBe(t, 200,
		`"fields":{"Name":"Row 13","Tags":"bare","Score":1}}`)
	s.clock.Advance(time.Minute)
	s.Update(id, params{"Tags": nil, "Text": "<&>"})
	s.call("GET", s.table+"/"+id, nil).mustBe(t, 200,
		`"fields":{"Name":"Row 13","Score":1,"Text":"<&>",`+
			`"Last Modified Time":"2026-11-23T12:01:00.000Z"}}`)
	s.Delete(id)
	s.call("GET", s.table+"/"+id, nil).mustBe(t, 404, "")
	if n := s.Base().Len(); n != 12 {
		t.Error("the base has changed:", n)
	}
}

func TestEditMethodsPanicOnMisuse(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	for name, slip := range map[string]func(){
		"unknown field":  func() { s.Create(params{"Nope": 1}) },
		"modified time":  func() { s.Update(s.id("Row 01"), params{"Last Modified Time": "2025-01-01"}) },
		"unknown record": func() { s.Delete("recX") },
		"rename":         func() { s.RenameField("Nope", "x") },
		"add":            func() { s.AddField("Name", "url") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error(name, "went through")
				}
			}()
			slip()
		}()
	}
	s.list(params{}).mustBe(t, 200, "") // and no lock is held
}

func TestServersOfOneBaseAreIndependent(t *testing.T) {
	t.Parallel()
	a := start(t, airtablesim.Config{})
	b := startOn(t, a.Base(), airtablesim.Config{})
	a.Delete(a.id("Row 01"))
	a.Update(a.id("Row 02"), params{"Name": "x"})
	a.DropField("Count")
	b.list(params{"view": grid, "maxRecords": 2}).mustBe(t, 200, `"Name":"Row 02","Count":3`)
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	s := start(t, airtablesim.Config{})
	s.Before(func(c airtablesim.Call) {
		s.Update(s.Create(params{"Name": fmt.Sprint(c.Number)}), params{"Count": c.Number})
	})
	s.Script(airtablesim.Unavailable().After(20).Repeat(3))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10 {
				s.list(params{"pageSize": 5, "filterByFormula": "Count>=0"})
				s.call("GET", "/v0/meta/bases/"+s.Base().ID()+"/tables", nil)
				s.Records()
			}
		})
	}
	wg.Wait()
	if n := len(s.Records()); n != 12+80 {
		t.Error(n, "records")
	}
}

func TestHandlerWithoutServer(t *testing.T) {
	t.Parallel()
	b, err := airtablesim.Load("testdata/small.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(airtablesim.New(b, airtablesim.Config{}))
	defer server.Close()
	req, _ := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/v0/meta/whoami", nil)
	req.Header.Set("Authorization", "Bearer "+airtablesim.DemoToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	at, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil || time.Since(at).Abs() > time.Minute || len(resp.Header.Values("Date")) != 1 ||
		resp.StatusCode != 200 {
		t.Error(resp.Status, resp.Header)
	}
}

func BenchmarkPage100(b *testing.B) {
	base, err := airtablesim.Load(voctest.WholeFile(b))
	if err != nil {
		b.Fatal(err)
	}
	for name, body := range map[string]string{
		"plain": `{}`,
		"formula": `{"filterByFormula":"OR(LAST_MODIFIED_TIME()>='2025-01-02T00:00:00.000Z',` +
			`CREATED_TIME()>='2025-01-02T00:00:00.000Z')"}`,
		"sorted": `{"sort":[{"field":"Created","direction":"desc"}]}`,
	} {
		b.Run(name, func(b *testing.B) {
			s := airtablesim.New(base, airtablesim.Config{Rate: -1})
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest("POST", "/v0/"+base.ID()+"/Lead%20Bugs/listRecords",
					strings.NewReader(body))
				r.Header.Set("Authorization", "Bearer "+airtablesim.DemoToken)
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				if s.ServeHTTP(w, r); w.Code != http.StatusOK {
					b.Fatal(w.Body)
				}
			}
		})
	}
}
