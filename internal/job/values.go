package job

import (
	"encoding/json"
	"fmt"
	"time"
)

// timeFormat is the contract's form of an instant.
const timeFormat = "2006-01-02T15:04:05.000Z"

// Nullable is a text that is null in JSON when it is empty.
type Nullable string

// MarshalJSON writes null for "".
func (n Nullable) MarshalJSON() ([]byte, error) {
	if n == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(n))
}

// Time is an instant in the contract's form, null in JSON when it is zero.
type Time struct{ time.Time }

// At returns t in UTC and whole milliseconds, which is what JSON keeps of it.
func At(t time.Time) Time { return Time{t.UTC().Truncate(time.Millisecond)} }

// MarshalJSON writes YYYY-MM-DDTHH:MM:SS.mmmZ, or null.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(t.UTC().Format(`"` + timeFormat + `"`)), nil
}

// UnmarshalJSON reads RFC 3339 or null, and keeps what MarshalJSON writes.
func (t *Time) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*t = Time{}
		return nil
	}
	var at time.Time
	if err := at.UnmarshalJSON(data); err != nil {
		return err
	}
	*t = At(at)
	if year := t.Year(); year < 0 || year > 9999 {
		return fmt.Errorf("%s is in the year %d of UTC, which has no four digits", data, year)
	}
	return nil
}
