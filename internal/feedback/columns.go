package feedback

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// Columns are some of the keys of a Summary, as a set: bit i stands for the key i.
type Columns uint16

// AllColumns are the 16 keys of a Summary.
const AllColumns Columns = 1<<16 - 1

// ErrColumns is the error of a list of keys that is empty or has an unknown one.
var ErrColumns = errors.New("must be some of the keys " + strings.Join(summaryKeys, ", ") +
	", separated by commas")

// ParseColumns reads keys separated by commas, in any order. The id is always among the columns.
// Error: ErrColumns.
func ParseColumns(text string) (Columns, error) {
	columns := Columns(1)
	for key := range strings.SplitSeq(text, ",") {
		i := slices.Index(summaryKeys, key)
		if i < 0 {
			return 0, fmt.Errorf("has the unknown key %q; it %w", key, ErrColumns)
		}
		columns |= 1 << i
	}
	return columns, nil
}

func (c Columns) has(i int) bool { return c>>i&1 == 1 }

// CSVHeader returns the first line of a list as CSV (RFC 4180): a byte order mark, without which
// spreadsheets do not read UTF-8, and the keys in the contract's order.
func (c Columns) CSVHeader() string {
	var keys []string
	for i, key := range summaryKeys {
		if c.has(i) {
			keys = append(keys, key)
		}
	}
	return "\ufeff" + strings.Join(keys, ",") + "\r\n"
}

// AppendCSV appends a Summary as a line of CSV. It returns an error if summary is anything else.
// The writer of encoding/csv would drop or add carriage returns inside of cells.
func (c Columns) AppendCSV(out, summary []byte) ([]byte, error) {
	values, err := splitSummary(summary)
	for i, value := range values {
		if err != nil {
			return nil, err
		}
		if !c.has(i) {
			continue
		}
		if i > 0 {
			out = append(out, ',')
		}
		out, err = appendCell(out, value)
	}
	return append(out, "\r\n"...), err
}

// AppendJSON appends a Summary with these columns alone. It returns an error if summary is
// anything else.
func (c Columns) AppendJSON(out, summary []byte) ([]byte, error) {
	if c == AllColumns {
		return append(out, summary...), nil
	}
	values, err := splitSummary(summary)
	if err != nil {
		return nil, err
	}
	for i, value := range values {
		if c.has(i) {
			out = append(append(out, leads[i]...), value...)
		}
	}
	return append(out, '}'), nil
}

// errDamaged is about JSON that this package did not write.
var errDamaged = errors.New("the record's JSON is damaged")

var summaryKeys = func() (keys []string) {
	object := reflect.TypeFor[summary]()
	for i := range object.NumField() {
		keys = append(keys, object.Field(i).Tag.Get("json"))
	}
	return keys
}()

// leads are what stands before each value of a Summary, in order.
var leads = func() (all [16][]byte) {
	for i, key := range summaryKeys {
		all[i] = []byte(`,"` + key + `":`)
	}
	all[0][0] = '{'
	return all
}()

// splitSummary returns the JSON values of a Summary, in order.
func splitSummary(summary []byte) (values [len(leads)][]byte, err error) {
	rest := summary
	for i, lead := range leads {
		var ok bool
		if rest, ok = bytes.CutPrefix(rest, lead); !ok {
			return values, errDamaged
		}
		end := valueEnd(rest)
		if end < 0 {
			return values, errDamaged
		}
		values[i], rest = rest[:end], rest[end:]
	}
	if string(rest) != "}" {
		return values, errDamaged
	}
	return values, nil
}

// valueEnd returns where the JSON string, number or null ends with which text begins; -1
// if it does not end.
func valueEnd(text []byte) int {
	if len(text) == 0 || text[0] == ',' || text[0] == '}' {
		return -1
	}
	if text[0] != '"' {
		return bytes.IndexAny(text, ",}")
	}
	for end := 1; end < len(text); end++ {
		switch text[end] {
		case '\\':
			end++
		case '"':
			return end + 1
		}
	}
	return -1
}

// appendCell appends a JSON value as a cell, without NULs, at which programs end a text.
func appendCell(out, value []byte) ([]byte, error) {
	if string(value) == "null" {
		return out, nil
	}
	text := string(value)
	if value[0] == '"' {
		text = text[1 : len(text)-1]
		if strings.IndexByte(text, '\\') >= 0 {
			if err := json.Unmarshal(value, &text); err != nil {
				return nil, errors.Join(errDamaged, err)
			}
		}
	}
	text = strings.ReplaceAll(text, "\x00", "")
	if isFormula(text) {
		text = "'" + text
	}
	if !strings.ContainsAny(text, ",\"\r\n") {
		return append(out, text...), nil
	}
	out = append(out, '"')
	out = append(out, strings.ReplaceAll(text, `"`, `""`)...)
	return append(out, '"'), nil
}

// isFormula reports whether a spreadsheet would take a text for a formula; an apostrophe in front
// of it makes it a text there. Spreadsheets skip blanks and read full-width signs as plain ones.
func isFormula(text string) bool {
	for _, r := range text {
		switch {
		case strings.ContainsRune("=+-@\t\r\n＝＋－＠", r):
			return true
		case !unicode.IsSpace(r) && !unicode.In(r, unicode.Cc, unicode.Cf):
			return false
		}
	}
	return false
}
