package feedback

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
)

// summary has the 16 keys of a list element, in the contract's order. It is the one
// definition of them: JSON is written from it, and CSV is written from that JSON.
type summary struct {
	ID            string          `json:"id"`
	Description   string          `json:"description"`
	Priority      string          `json:"priority"`
	Team          string          `json:"team"`
	Environment   string          `json:"environment"`
	AreaImpacted  string          `json:"area_impacted"`
	Created       string          `json:"created"`
	Week          string          `json:"week"`
	IssueNumber   json.RawMessage `json:"issue_number"`
	Status        string          `json:"status"`
	ReporterEmail string          `json:"reporter_email"`
	SlackThread   string          `json:"slack_thread"`
	TypeOfIssue   string          `json:"type_of_issue"`
	TypeOfReport  string          `json:"type_of_report"`
	Source        string          `json:"source"`
	TriageRep     string          `json:"triage_rep"`
}

// Summary renders the JSON object of the list.
func (f Feedback) Summary() []byte {
	s := summary{
		ID:            f.ID,
		Description:   f.Description,
		Priority:      f.Priority,
		Team:          f.Team,
		Environment:   f.Environment,
		AreaImpacted:  f.AreaImpacted,
		Created:       f.Created.Format(TimeFormat),
		Week:          f.Week,
		Status:        f.Status,
		ReporterEmail: f.ReporterEmail,
		SlackThread:   f.SlackThread,
		TypeOfIssue:   f.TypeOfIssue,
		TypeOfReport:  cmp.Or(f.TypeOfIssue, "N/A"),
		Source:        f.Source,
		TriageRep:     f.TriageRep,
	}
	if f.IssueNumber != nil {
		s.IssueNumber = encodeNumber(*f.IssueNumber)
	}
	return encode(s)
}

// errDamaged is the error of JSON that this package did not write.
var errDamaged = errors.New("the record's JSON is damaged")

// leads are the bytes before each value of a Summary, in order.
var leads = func() (all [][]byte) {
	for i, key := range keysOf(reflect.TypeFor[summary]()) {
		lead := `,"` + key + `":`
		if i == 0 {
			lead = "{" + lead[1:]
		}
		all = append(all, []byte(lead))
	}
	return all
}()

func keysOf(object reflect.Type) (keys []string) {
	for i := range object.NumField() {
		keys = append(keys, object.Field(i).Tag.Get("json"))
	}
	return keys
}

// CSVHeader returns the first line of a list as CSV (RFC 4180): the keys of Summary, in
// its order.
func CSVHeader() string {
	return strings.Join(keysOf(reflect.TypeFor[summary]()), ",") + "\r\n"
}

// AppendCSV appends a Summary as a line of CSV. It returns an error if summary is
// anything else. The writer of encoding/csv would drop or add carriage returns inside
// cells.
func AppendCSV(out, summary []byte) ([]byte, error) {
	rest := summary
	for i, lead := range leads {
		var ok bool
		if rest, ok = bytes.CutPrefix(rest, lead); !ok {
			return nil, errDamaged
		}
		end := valueEnd(rest)
		if end < 0 {
			return nil, errDamaged
		}
		if i > 0 {
			out = append(out, ',')
		}
		var err error
		if out, err = appendCell(out, rest[:end]); err != nil {
			return nil, err
		}
		rest = rest[end:]
	}
	if string(rest) != "}" {
		return nil, errDamaged
	}
	return append(out, "\r\n"...), nil
}

// valueEnd returns the length of the JSON string, number or null that text begins with,
// or -1 if it does not end.
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

// appendCell appends a JSON value as a cell. An apostrophe before a text that a
// spreadsheet would run as a formula makes it a text there.
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
	if text != "" && strings.IndexByte("=+-@\t\r", text[0]) >= 0 {
		text = "'" + text
	}
	if !strings.ContainsAny(text, ",\"\r\n") {
		return append(out, text...), nil
	}
	out = append(out, '"')
	out = append(out, strings.ReplaceAll(text, `"`, `""`)...)
	return append(out, '"'), nil
}
