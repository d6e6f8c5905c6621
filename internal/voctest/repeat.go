package voctest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// step is the time from one copy of a record to the next.
const step = 7 * time.Minute

// issuesPerCopy separates the issue numbers of one copy from those of the next; it
// is more than the embedded records' largest number.
const issuesPerCopy = 10_000

// repeat returns n records: each of lines as it is, then copies, oldest first. All
// but the last round of copies is complete.
func repeat(lines [][]byte, n int) ([][]byte, error) {
	type timed struct {
		created string
		line    []byte
	}
	all := make([]timed, n)
	for i := range all {
		line, round := lines[i%len(lines)], i/len(lines)
		var record struct {
			ID          string                     `json:"id"`
			CreatedTime string                     `json:"createdTime"`
			Fields      map[string]json.RawMessage `json:"fields"`
		}
		if err := json.Unmarshal(line, &record); err != nil {
			return nil, err
		}
		if round > 0 {
			id, err := copyID(record.ID, round)
			if err != nil {
				return nil, err
			}
			record.ID = id
			if record.CreatedTime, err = later(record.CreatedTime, round); err != nil {
				return nil, err
			}
			if err := copyFields(record.Fields, round); err != nil {
				return nil, err
			}
			if line, err = marshal(record); err != nil {
				return nil, err
			}
		}
		all[i] = timed{record.CreatedTime, line}
	}
	slices.SortStableFunc(all, func(a, b timed) int { return strings.Compare(a.created, b.created) })
	repeated := make([][]byte, n)
	for i := range all {
		repeated[i] = all[i].line
	}
	return repeated, nil
}

// copyID replaces the last four of an id's 17 characters by the number of the copy.
func copyID(id string, round int) (string, error) {
	if len(id) != 17 || round > 9999 {
		return "", fmt.Errorf("no id for copy %d of record %q", round, id)
	}
	return fmt.Sprintf("%s%04d", id[:13], round), nil
}

// copyFields gives a copy its own issue number and times.
func copyFields(fields map[string]json.RawMessage, round int) error {
	for _, name := range []string{"Created", "Last Modified Time"} {
		var at string
		if fields[name] == nil || json.Unmarshal(fields[name], &at) != nil {
			continue
		}
		moved, err := later(at, round)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fields[name] = json.RawMessage(`"` + moved + `"`)
	}
	var issue int
	if json.Unmarshal(fields["Issue"], &issue) == nil {
		fields["Issue"] = fmt.Append(nil, issue+round*issuesPerCopy)
	}
	return nil
}

// later moves an instant in Airtable's form.
func later(at string, round int) (string, error) {
	parsed, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return "", err
	}
	return parsed.Add(time.Duration(round) * step).UTC().Format("2006-01-02T15:04:05.000Z"), nil
}

// marshal writes JSON in one line and leaves <, > and & as they are.
func marshal(value any) ([]byte, error) {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(line.Bytes(), []byte("\n")), nil
}
