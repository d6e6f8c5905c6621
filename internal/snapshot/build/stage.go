package build

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"time"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// Row is one record with everything that is served from it.
type Row struct {
	Feedback feedback.Feedback
	Source   snapshot.Source
	Cells    map[string]json.RawMessage // Source.Fields, as it was decoded
	Shown    []byte                     // JSON: the fields that readers see; nil: Source.Fields
	URL      string                     // of the record in Airtable
}

// The columns of a staged row. A record is decoded once, when it is mapped; the columns
// of lookup and of texts keep what Seal needs of it, so that sealing parses no JSON. The
// long columns come last: SQLite reads a row from its beginning, and only as far as it
// has to.
const (
	served   = `created, report_week, h1, h2, h3, h4, h5`
	original = `created_time, digest, computed`
	lookup   = `modified, week, priority, team, environment, area_impacted, areas, area_lengths,
		issue_number, status, type_of_issue, source`
	texts     = `description, notes, resolution`
	documents = `summary, size, crc, own, blocks, fields`
	columns   = `id, ` + served + `, ` + original + `, ` + lookup + `, ` + texts + `, ` + documents
)

// stageSchema creates the stage: the rows, the ids that were removed, and what a listing
// has shown.
const stageSchema = `
CREATE TABLE main.row (
  id TEXT NOT NULL, created TEXT NOT NULL, report_week TEXT NOT NULL,
  h1 REAL NOT NULL, h2 REAL NOT NULL, h3 REAL NOT NULL, h4 REAL NOT NULL, h5 REAL NOT NULL,
  created_time TEXT NOT NULL, digest BLOB NOT NULL, computed BLOB NOT NULL,
  modified TEXT NOT NULL, week TEXT NOT NULL, priority TEXT NOT NULL, team TEXT NOT NULL,
  environment TEXT NOT NULL, area_impacted TEXT NOT NULL,
  areas TEXT NOT NULL,        -- joined by spaces
  area_lengths TEXT NOT NULL, -- of each in bytes, joined by commas
  issue_number TEXT NOT NULL, -- as the summary has it: a number or null
  status TEXT NOT NULL, type_of_issue TEXT NOT NULL, source TEXT NOT NULL,
  filled BLOB, -- a bit for each field with a value, as fieldSet numbers them; NULL: of the parent
  description TEXT NOT NULL, notes TEXT NOT NULL, resolution TEXT NOT NULL, -- each text once
  summary TEXT NOT NULL,
  size INTEGER NOT NULL, crc INTEGER NOT NULL, own INTEGER NOT NULL,
  blocks BLOB NOT NULL, -- with the three before: of details.record
  fields TEXT NOT NULL
);
CREATE UNIQUE INDEX main.row_id ON row (id);
CREATE TABLE main.removed (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE main.listed (id TEXT PRIMARY KEY, computed BLOB NOT NULL) WITHOUT ROWID;`

// insertRow stages a row; its arguments are those of Row.values.
const insertRow = `INSERT OR REPLACE INTO main.row (` + columns + `, filled)
	VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`

// values are the arguments of insertRow.
func (r Row) values(filled []byte) ([]any, error) {
	f, h := r.Feedback, r.Feedback.Hours
	lengths := make([]string, len(f.Areas))
	for i, area := range f.Areas {
		lengths[i] = strconv.Itoa(len(area))
	}
	// The description is one of the texts that are searched, and a text must count once: notes
	// that repeat it, trimmed or not, are left out.
	const blanks = "\t\n\r "
	notes, resolution := f.Notes, f.ResolutionNotes
	if strings.Trim(notes, blanks) == f.Description {
		notes = ""
	}
	if strings.Trim(resolution, blanks) == f.Description {
		resolution = ""
	}
	issue := "null"
	if f.IssueNumber != nil {
		issue = strconv.FormatFloat(*f.IssueNumber, 'g', -1, 64)
	}
	shown := r.Shown
	if shown == nil {
		shown = r.Source.Fields
	}
	summary, detail := f.Summary(), f.Detail(r.URL)
	whole, err := feedback.Join(summary, detail, shown)
	if err != nil {
		return nil, err
	}
	packed := snapshot.Pack(whole)
	return []any{
		f.ID, f.Created.Format(feedback.TimeFormat), f.ReportWeek, h[0], h[1], h[2], h[3], h[4],
		r.Source.CreatedTime.UTC().Format(feedback.TimeFormat), r.Source.Digest, r.Source.Computed,
		f.Modified.Format(feedback.TimeFormat), f.Week, f.Priority, f.Team, f.Environment,
		f.AreaImpacted, strings.Join(f.Areas, " "), strings.Join(lengths, ","), issue, f.Status,
		f.TypeOfIssue, f.Source, f.Description, notes, resolution,
		string(summary), packed.Size, packed.CRC, crc32.ChecksumIEEE(detail), packed.Blocks,
		string(r.Source.Fields), filled,
	}, nil
}

// stagedColumns are what stagedRow scans. Long texts are read as blobs, which the driver
// copies once.
const stagedColumns = `pos, id, ` + served + `, ` + lookup + `, CAST(summary AS BLOB)`

// stagedRow scans staged rows, one after the other.
type stagedRow struct {
	pos      uint32
	feedback feedback.Feedback // without texts: what it is found, sorted and counted by
	summary  sql.RawBytes      // valid until the next row

	created, modified, areas, lengths, issue string

	into []any // pointers to all of these, in the order of stagedColumns
}

func newStagedRow() *stagedRow {
	r := new(stagedRow)
	f, h := &r.feedback, &r.feedback.Hours
	r.into = []any{
		&r.pos, &f.ID, &r.created, &f.ReportWeek, &h[0], &h[1], &h[2], &h[3], &h[4],
		&r.modified, &f.Week, &f.Priority, &f.Team, &f.Environment, &f.AreaImpacted,
		&r.areas, &r.lengths, &r.issue, &f.Status, &f.TypeOfIssue, &f.Source, &r.summary,
	}
	return r
}

func (r *stagedRow) scan(rows *sql.Rows) (err error) {
	if err := rows.Scan(r.into...); err != nil {
		return err
	}
	f := &r.feedback
	if f.Created, err = time.Parse(feedback.TimeFormat, r.created); err != nil {
		return err
	}
	if f.Modified, err = time.Parse(feedback.TimeFormat, r.modified); err != nil {
		return err
	}
	f.Areas = nil
	for length := range strings.SplitSeq(r.lengths, ",") {
		if length == "" { // there are no areas
			break
		}
		n, err := strconv.Atoi(length)
		if err != nil || n < 0 || n > len(r.areas) {
			return fmt.Errorf("areas %q have the lengths %q", r.areas, r.lengths)
		}
		f.Areas = append(f.Areas, r.areas[:n])
		r.areas = strings.TrimPrefix(r.areas[n:], " ")
	}
	f.IssueNumber = nil
	if r.issue != "null" {
		number, err := strconv.ParseFloat(r.issue, 64)
		if err != nil {
			return fmt.Errorf("issue number %q: %w", r.issue, err)
		}
		f.IssueNumber = &number
	}
	return nil
}

// fieldSet numbers the names of fields, in the order in which rows bring them.
type fieldSet struct {
	numbers map[string]int
	names   []string
}

// filled returns a bit for each of the cells that has a value.
func (s *fieldSet) filled(cells map[string]json.RawMessage) []byte {
	bits := make([]byte, 0, len(s.names)/8+1)
	for name, value := range cells {
		if !feedback.Filled(value) {
			continue
		}
		n, known := s.numbers[name]
		if !known {
			n = len(s.names)
			s.numbers[name] = n
			s.names = append(s.names, name)
		}
		for len(bits) <= n/8 {
			bits = append(bits, 0)
		}
		bits[n/8] |= 1 << (n % 8)
	}
	return bits
}

// count adds the fields of one row to the counts by name.
func (s *fieldSet) count(bits []byte, counts map[string]int) {
	for i, some := range bits {
		for n := i * 8; some != 0; n, some = n+1, some>>1 {
			if some&1 != 0 {
				counts[s.names[n]]++
			}
		}
	}
}
