package airtable

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Record is one row of a table.
type Record struct {
	ID          string    `json:"id"`          // rec…, never empty
	CreatedTime time.Time `json:"createdTime"` // the only time Airtable gives with a record
	// Fields are the cells as Airtable wrote them, by name, or by id if the query
	// said so. An empty cell has no entry: "", [], false and blank alike.
	Fields map[string]json.RawMessage `json:"fields"`
}

// decodePage reads one answer of listRecords: its records, and the offset of the next
// page, empty on the last. It holds a record at a time besides what it returns.
func decodePage(r io.Reader) (records []Record, offset string, err error) {
	dec := json.NewDecoder(r)
	if err := expect(dec, '{'); err != nil {
		return nil, "", err
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, "", whole(err)
		}
		switch key {
		case "records":
			records, err = decodeRecords(dec)
		case "offset":
			err = dec.Decode(&offset)
		default: // new properties may appear at any time
			err = dec.Decode(new(json.RawMessage))
		}
		if err != nil {
			return nil, "", whole(err)
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
		var record Record
		if err := dec.Decode(&record); err != nil {
			return nil, err
		}
		if record.ID == "" {
			return nil, errors.New("a record has no id")
		}
		records = append(records, record)
	}
	return records, expect(dec, ']')
}

// decode reads an answer that is one JSON value.
func decode(r io.Reader, into any) error {
	dec := json.NewDecoder(r)
	if err := dec.Decode(into); err != nil {
		return whole(err)
	}
	return end(dec)
}

func expect(dec *json.Decoder, want json.Delim) error {
	token, err := dec.Token()
	if err != nil {
		return whole(err)
	}
	if token != want {
		return fmt.Errorf("it has a %T where %s should be", token, want)
	}
	return nil
}

// end checks that nothing follows. It also reads the body to its end, without which
// the connection could not be used again.
func end(dec *json.Decoder) error {
	switch _, err := dec.Token(); err {
	case io.EOF:
		return nil
	case nil:
		return errors.New("more follows its end")
	default:
		return fmt.Errorf("after its end: %w", err)
	}
}

// whole turns the end of a body that should go on into an error of its own.
func whole(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("it is cut short: %w", io.ErrUnexpectedEOF)
	}
	return err
}
