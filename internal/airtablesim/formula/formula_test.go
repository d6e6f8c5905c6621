package formula_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"voc/internal/airtablesim/formula"
)

func at(s string) time.Time {
	t, ok := formula.ParseTime(s)
	if !ok {
		panic(s)
	}
	return t
}

var cells = map[string]any{
	"Status":   "Done",
	"Issue":    12.0,
	"Zero":     0.0,
	"NaN":      math.NaN(),
	"Broken":   formula.Error{},
	"Blank":    nil,
	"When":     at("2025-03-04T05:06:07.890Z"),
	"Two Part": "a \"b\" c",
	"Odd}Name": "odd",
	"Ünicode":  "ü",
}

func field(name string) (string, bool) {
	_, ok := cells[name]
	return name, ok
}

var row = &formula.Row{
	ID:       "recAAAAAAAAAAAAAA",
	Created:  at("2025-01-02T03:04:05Z"),
	Modified: at("2025-06-07T08:09:10Z"),
	Now:      at("2026-11-23T12:30:00Z"),
	Cell:     func(key string) any { return cells[key] },
}

func TestEval(t *testing.T) {
	for _, c := range []struct {
		formula string
		want    any
	}{
		// Literals, fields, operators.
		{`1`, 1.0}, {`.5`, 0.5}, {`-2`, -2.0}, {`--2`, 2.0}, {`"a\"b"`, `a"b`}, {`'a\'b\\n'`,
			`a'b\n`}, {`'a\nb'`, "a\nb"}, {`'\q'`, "q"},
		{`{Status}`, "Done"}, {`Status`, "Done"}, {`Ünicode`, "ü"}, {`{Two Part}`,
			`a "b" c`}, {`{Odd\}Name}`, "odd"},
		{`1+2*3`, 7.0}, {`(1+2)*3`, 9.0}, {`10-4-3`, 3.0}, {`8/4/2`, 1.0}, {`1/0`,
			math.Inf(1)}, {`Blank+2`, 2.0}, {`-Issue`, -12.0},
		{`1&2`, "12"}, {`1+1&"x"`, "2x"}, {`Blank&"x"`, "x"}, {`0.1&""`, "0.1"}, {`When&""`,
			"2025-03-04T05:06:07.890Z"},
		{`"a"+1`, formula.Error{}}, {`When+1`, formula.Error{}}, {`Broken+1`,
			formula.Error{}}, {`Broken&""`, formula.Error{}},
		// Equality: blank is "", 0 and blank; kinds do not mix.
		{`Status="Done"`, 1.0}, {`Status='done'`, 0.0}, {`Status!="Done"`, 0.0}, {`Issue=12`,
			1.0}, {`Issue="12"`, 0.0}, {`NaN=NaN`, 0.0},
		{`Blank=""`, 1.0}, {`Blank=0`, 1.0}, {`Blank=BLANK()`, 1.0}, {`BLANK()=Zero`, 1.0}, {`Blank="x"`,
			0.0}, {`Status=BLANK()`, 0.0}, {`Blank!=1`, 1.0},
		{`When="2025-03-04T05:06:07.890Z"`, 1.0}, {`When="soon"`, 0.0}, {`Broken=1`, formula.Error{}},
		// Order: false where a side is blank.
		{`1<2`, 1.0}, {`2<=2`, 1.0}, {`3>4`, 0.0}, {`3>=4`, 0.0}, {`"a"<"b"`, 1.0}, {`NaN<1`,
			0.0}, {`NaN>=1`, 0.0},
		{`Blank<1`, 0.0}, {`Blank>=0`, 0.0}, {`1>Blank`, 0.0}, {`1<"2"`, formula.Error{}}, {`When<1`,
			formula.Error{}},
		{`When>"2025-03-04"`, 1.0}, {`"2025-03-04T06:06:07+01:00">When`, 0.0}, {`When>"soon"`,
			formula.Error{}},
		// Logic: an error anywhere is the result.
		{`AND(1,"x",When)`, 1.0}, {`AND(1,0)`, 0.0}, {`OR(0,"",Blank)`, 0.0}, {`OR(0,2)`,
			1.0}, {`or(0,2)`, 1.0},
		{`OR(1,Broken)`, formula.Error{}}, {`AND(0,Broken)`, formula.Error{}}, {`OR(YEAR(Blank)=2025,1)`,
			formula.Error{}},
		{`NOT(0)`, 1.0}, {`NOT(Blank)`, 1.0}, {`NOT(Broken)`, formula.Error{}}, {`TRUE()`,
			1.0}, {`FALSE()`, 0.0},
		{`IF(1,"a",Broken)`, "a"}, {`IF(0,Broken,"b")`, "b"}, {`IF(0,1)`, nil}, {`IF(Broken,1,2)`,
			formula.Error{}},
		{`ISERROR(Broken)`, 1.0}, {`ISERROR(YEAR(Blank))`, 1.0}, {`ISERROR(1)`, 0.0}, {`ISERROR(ERROR())`,
			1.0}, {`BLANK()`, nil},
		// The record, and time.
		{`RECORD_ID()`, "recAAAAAAAAAAAAAA"}, {`CREATED_TIME()`,
			at("2025-01-02T03:04:05Z")}, {`LAST_MODIFIED_TIME()`, at("2025-06-07T08:09:10Z")},
		{`NOW()`, at("2026-11-23T12:30:00Z")}, {`TODAY()`, at("2026-11-23")},
		{`YEAR(When)`, 2025.0}, {`MONTH(When)`, 3.0}, {`DAY("2025-03-04")`, 4.0}, {`YEAR(Blank)`,
			formula.Error{}}, {`YEAR("soon")`, formula.Error{}}, {`YEAR(2025)`, formula.Error{}},
		{`YEAR("2024-12-31T23:30:00-01:00")`, 2025.0},
		{`IS_AFTER(When,"2025-03-04T05:06:07.889Z")`, 1.0}, {`IS_AFTER(When,When)`,
			0.0}, {`IS_BEFORE(When,"2025-03-05")`, 1.0}, {`IS_BEFORE(Blank,When)`, 0.0},
		{`NOT(IS_BEFORE(Blank,When))`, 1.0}, {`IS_AFTER("soon",When)`, formula.Error{}},
		{`IS_SAME(When,"2025-03-04T05:06:07Z",'second')`, 1.0}, {`IS_SAME(When,"2025-03-04T05:06:07Z")`,
			0.0}, {`IS_SAME(When,"2025-03-04",'days')`, 1.0},
		{`IS_SAME(When,"2025-03-02",'week')`, 1.0}, {`IS_SAME(When,"2025-03-01",'week')`,
			0.0}, {`IS_SAME(When,"2025-01-01",'quarter')`, 1.0},
		{`IS_SAME(When,"2025-12-31",'year')`, 1.0}, {`IS_SAME(When,When,'moon')`,
			formula.Error{}}, {`IS_SAME(Blank,Blank)`, 0.0},
		{`DATETIME_PARSE("2025-01-01T00:00:00+02:00")`,
			at("2024-12-31T22:00:00Z")}, {`DATETIME_PARSE("x")`, formula.Error{}},
		{`DATEADD("2025-01-31",1,'month')`, at("2025-02-28")}, {`DATEADD(When,-1,'hours')`,
			at("2025-03-04T04:06:07.890Z")}, {`DATEADD("2024-02-28",2,'days')`, at("2024-03-01")},
		{`DATEADD(When,1000000000,'years')`, formula.Error{}}, {`DATEADD(When,1,'moons')`,
			formula.Error{}}, {`DATEADD(Blank,1,'day')`, formula.Error{}},
		{`DATETIME_DIFF("2025-01-03","2025-01-01",'days')`,
			2.0}, {`DATETIME_DIFF("2025-01-01","2025-01-02")`, -86400.0},
		{`DATETIME_DIFF("2025-03-30","2025-01-31",'months')`,
			1.0}, {`DATETIME_DIFF("2023-01-01","2025-01-01",'years')`, -2.0},
		// Text.
		{`LEN("a😀")`, 3.0}, {`LEN(Blank)`, 0.0}, {`LOWER("ÄB")`, "äb"}, {`UPPER("ä")`,
			"Ä"}, {`TRIM(" a ")`, "a"},
		{`FIND("o",Status)`, 2.0}, {`FIND("O",Status)`, 0.0}, {`FIND("a","😀a")`,
			3.0}, {`SEARCH("O",Status)`, 2.0}, {`SEARCH("x",Status)`, nil},
		{`RIGHT("añ😀",2)`, "ñ😀"}, {`RIGHT("a",2)`, "a"}, {`RIGHT("a",0)`, ""}, {`RIGHT(Blank,1)`,
			""}, {`RIGHT("a",-1)`, formula.Error{}}, {`RIGHT("a","1")`, formula.Error{}},
		{`VALUE("12.5")`, 12.5}, {`VALUE(Issue)`, 12.0}, {`VALUE("Inf")`, formula.Error{}}, {`VALUE("")`,
			formula.Error{}},
	} {
		t.Run(c.formula, func(t *testing.T) {
			f, err := formula.Parse(c.formula, field)
			if err != nil {
				t.Fatal(err)
			}
			if got := f.Eval(row); got != c.want {
				t.Errorf("%#v, want %#v", got, c.want)
			}
		})
	}
}

func TestKeeps(t *testing.T) {
	for text, want := range map[string]bool{
		`1`: true, `-1`: true, `"0"`: true, `When`: true, `1/0`: true,
		`0`: false, `""`: false, `BLANK()`: false, `FALSE()`: false, `NaN`: false, `0/0`: false,
		`Broken`: false,
	} {
		f, err := formula.Parse(text, field)
		if err != nil {
			t.Fatal(text, err)
		}
		if got := f.Keeps(row); got != want {
			t.Errorf("%s kept: %v, want %v", text, got, want)
		}
	}
}

func TestNeverEditedRowHasBlankModifiedTime(t *testing.T) {
	fresh := *row
	fresh.Modified = time.Time{}
	for text, want := range map[string]bool{
		`LAST_MODIFIED_TIME()`:                                              false,
		`LAST_MODIFIED_TIME()>"2000-01-01"`:                                 false,
		`IS_BEFORE(LAST_MODIFIED_TIME(),NOW())`:                             false,
		`YEAR(LAST_MODIFIED_TIME())=1`:                                      false,
		`OR(LAST_MODIFIED_TIME()>"2000-01-01",CREATED_TIME()>"2000-01-01")`: true,
	} {
		f, err := formula.Parse(text, field)
		if err != nil {
			t.Fatal(text, err)
		}
		if got := f.Keeps(&fresh); got != want {
			t.Errorf("%s kept: %v, want %v", text, got, want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	const syntax = "Invalid formula. Please check your formula text."
	for text, want := range map[string]string{
		`REGEX_MATCH("a","b")`:         "Unknown function names: regex_match",
		`Foo(Bar(1),{Baz})`:            "Unknown function names: bar, foo",
		`AND({No Such},fldX="",Other)`: "Unknown field names: no such, fldx, other",
		`{status}`:                     "Unknown field names: status",
		`true`:                         "Unknown field names: true",
		``:                             syntax, ` `: syntax, `1 2`: syntax, `(1`: syntax, `1)`: syntax,
		`1+`: syntax, `*1`: syntax, `=1`: syntax,
		`"a`: syntax, `'a\'`: syntax, `{Status`: syntax, `Status}`: syntax, `{a\}b\}c}`: syntax,
		`1.2.3`: syntax, `.`: syntax, `1e5`: syntax, `a b`: syntax,
		`AND()`: syntax, `AND(1,)`: syntax, `AND(,1)`: syntax, `AND(1`: syntax, `IF(1)`: syntax,
		`NOT(1,2)`: syntax, `NOW(1)`: syntax,
		`DATETIME_PARSE("1","D")`: syntax, `LAST_MODIFIED_TIME(Status)`: syntax, `1==1`: syntax,
		`1<>2`: syntax, `"a" OR "b"`: syntax, `!1`: syntax, `1;2`: syntax, "\xff": syntax,
		strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000): syntax,
		strings.Repeat("-", 5000) + "1":                             syntax,
		"1" + strings.Repeat("+1", 60_000):                          syntax,
	} {
		f, err := formula.Parse(text, field)
		if err == nil || err.Error() != want || f != nil {
			t.Errorf("%.40s: %v, want %s", text, err, want)
		}
		if want == syntax && !errors.Is(err, formula.ErrSyntax) {
			t.Errorf("%.40s: %v is not ErrSyntax", text, err)
		}
	}
}

func TestFromJSON(t *testing.T) {
	for name, c := range map[string]struct{ cell, want any }{
		"text": {"a", "a"}, "empty text": {"", nil}, "number": {0.0, 0.0}, "box": {true,
			1.0}, "no box": {false, nil}, "null": {nil, nil},
		"list":             {[]any{"a", 1.0, map[string]any{"name": "N"}}, "a, 1, N"},
		"empty list":       {[]any{}, nil},
		"list of errors":   {[]any{"a", map[string]any{"error": "#ERROR!"}}, formula.Error{}},
		"error":            {map[string]any{"error": "#ERROR!"}, formula.Error{}},
		"infinity":         {map[string]any{"specialValue": "Infinity"}, math.Inf(1)},
		"collaborator":     {map[string]any{"email": "a@example.com"}, "a@example.com"},
		"any other object": {map[string]any{"x": 1.0}, formula.Error{}},
	} {
		if got := formula.FromJSON(c.cell); got != c.want {
			t.Errorf("%s: %#v, want %#v", name, got, c.want)
		}
	}
	if n, ok := formula.FromJSON(map[string]any{"specialValue": "NaN"}).(float64); !ok ||
		!math.IsNaN(n) {
		t.Error("NaN does not stay NaN")
	}
}

// FuzzParse checks that no text makes the parser or a formula panic, and that an accepted
// formula is accepted as a whole: with invalid text before or after it, it is rejected.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`OR(LAST_MODIFIED_TIME()>="2025-01-01T00:00:00Z",CREATED_TIME()>="2025-01-01T00:00:00Z")`,
		`AND(IF({Status},1,0),NOT(IS_SAME(When,NOW(),'day')))`, `DATEADD(TODAY(),-7.5,'weeks')&""`,
		`{Odd\}Name}="it's"`, `'a\`, `{`, `((((`, `1--1`,
		`IF(ISERROR(YEAR({Blank})),TRUE(),YEAR({When})>=2025)`, `SEARCH("É",LOWER({Two Part}))/0`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := formula.Parse(text, field)
		if err != nil {
			if parsed != nil {
				t.Fatal("a rejected text returned a formula")
			}
			return
		}
		parsed.Eval(row)
		for _, spoiled := range []string{text + ")", "(" + text, text + " 1", text + ",1", "* " + text,
			text + " ?", "NoSuch(" + text + ")", text + "&{No such}"} {
			if _, err := formula.Parse(spoiled, field); err == nil {
				t.Errorf("%q is rejected, but %q is not", spoiled, text)
			}
		}
	})
}

func FuzzParseTime(f *testing.F) {
	for _, seed := range []string{"2025-01-01", "2025-01-01T00:00:00.000Z",
		"2025-01-01T00:00:00+02:00", "2025-01-01 10:00:00", "2025-02-30", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, ok := formula.ParseTime(s); ok && got.Location() != time.UTC || !ok && !got.IsZero() {
			t.Errorf("%q: %v, %v", s, got, ok)
		}
	})
}
