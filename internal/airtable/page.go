package airtable

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

// Record is one record of a table.
type Record struct {
	ID string `json:"id"` // rec…
	// CreatedTime is the only time that Airtable sends with a record; zero if it sent none, or
	// one that cannot be read.
	CreatedTime time.Time `json:"createdTime"`
	// Fields holds the cells as Airtable wrote them, by field name, or by field id with
	// Query.ByID. Empty cells ("", [], false and blank) have no entry.
	Fields map[string]json.RawMessage `json:"fields"`
}

// createdTime is one as Airtable sends it. Whatever it is, it decodes.
type createdTime struct{ time.Time }

// UnmarshalJSON returns no error: a value that is no time becomes the zero time.
func (c *createdTime) UnmarshalJSON(text []byte) error {
	var created string
	if json.Unmarshal(text, &created) == nil {
		c.Time = parseCreated(created)
	}
	return nil
}

// parseCreated parses a createdTime: an instant, whose zone defaults to UTC, or a date. It
// returns the zero time for anything else.
func parseCreated(text string) time.Time {
	for _, layout := range []string{
		time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05",
		time.DateOnly,
	} {
		at, err := time.Parse(layout, strings.TrimSpace(text))
		if err == nil && at.UTC().Year() >= 1 && at.UTC().Year() <= 9999 {
			return at
		}
	}
	return time.Time{}
}

// firstRecordError is the failure to read the first record of a page.
type firstRecordError struct {
	error
	id string // "" if it could not be read either
}

func (e *firstRecordError) Unwrap() error { return e.error }

// head is a reader that retains the first bytes it reads.
type head struct {
	io.Reader
	text []byte
}

func (h *head) Read(p []byte) (int, error) {
	n, err := h.Reader.Read(p)
	h.text = append(h.text, p[:min(n, cap(h.text)-len(h.text))]...)
	return n, err
}

var firstID = regexp.MustCompile(`"records"\s*:\s*\[\s*\{\s*"id"\s*:\s*"(rec[0-9A-Za-z]{14})"`)

// decodePage reads a response of listRecords: the records, and the offset of the next
// page, which is empty on the last. Besides what it returns, it holds one record at a
// time.
func decodePage(r io.Reader) (records []Record, offset string, err error) {
	start := &head{Reader: r, text: make([]byte, 0, 512)}
	dec := json.NewDecoder(start)
	if err := expect(dec, '{'); err != nil {
		return nil, "", err
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, "", cutShort(err)
		}
		switch key {
		case "records":
			records, err = decodeRecords(dec)
			first, ok := errors.AsType[*firstRecordError](err)
			if id := firstID.FindSubmatch(start.text); ok && id != nil {
				first.id = string(id[1])
			}
		case "offset":
			err = dec.Decode(&offset)
		default: // Airtable may add properties at any time
			err = dec.Decode(new(json.RawMessage))
		}
		if err != nil {
			return nil, "", cutShort(err)
		}
	}
	if err := errors.Join(expect(dec, '}'), end(dec)); err != nil {
		return nil, "", err
	}
	if records == nil {
		return nil, "", errors.New("it has no records, not even an empty list")
	}
	return records, offset, nil
}

func decodeRecords(dec *json.Decoder) ([]Record, error) {
	if err := expect(dec, '['); err != nil {
		return nil, err
	}
	records := make([]Record, 0, PageSize)
	for dec.More() {
		var record struct {
			ID          string                     `json:"id"`
			CreatedTime createdTime                `json:"createdTime"`
			Fields      map[string]json.RawMessage `json:"fields"`
		}
		switch err := dec.Decode(&record); {
		case err != nil && len(records) == 0:
			return nil, &firstRecordError{error: err}
		case err != nil:
			return nil, err
		}
		if record.ID == "" {
			return nil, errors.New("a record has no id")
		}
		records = append(records, Record{record.ID, record.CreatedTime.Time, record.Fields})
	}
	return records, expect(dec, ']')
}

// decode reads a response that is one JSON value.
func decode(r io.Reader, into any) error {
	dec := json.NewDecoder(r)
	if err := dec.Decode(into); err != nil {
		return cutShort(err)
	}
	return end(dec)
}

func expect(dec *json.Decoder, want json.Delim) error {
	token, err := dec.Token()
	if err != nil {
		return cutShort(err)
	}
	if token != want {
		return fmt.Errorf("it has a %T where %s should be", token, want)
	}
	return nil
}

// end checks that nothing follows. It reads the body to its end, so that the connection
// can be reused.
func end(dec *json.Decoder) error {
	switch _, err := dec.Token(); err {
	case io.EOF:
		return nil
	case nil:
		return errors.New("data follows its end")
	default:
		return fmt.Errorf("after its end: %w", err)
	}
}

// cutShort returns an io.ErrUnexpectedEOF for a body that ends too early, and any other
// err as it is.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("it is cut short: %w", io.ErrUnexpectedEOF)
	}
	return err
}
