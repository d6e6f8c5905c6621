package snapshot

import (
	"database/sql"

	"voc/internal/feedback"
)

// format4 is described at Format. This file is for it alone.
const format4 = 4

// format4List is the name of the list, which format 4 stored as it did the reports.
const format4List Name = "feedback"

// format4ListSize returns the length of the list as gzip, the only encoding that it has.
func (p *part) format4ListSize() (size int64, err error) {
	const query = `SELECT sum(length(bytes)) FROM body WHERE name = ? AND encoding = ?`
	err = p.db.QueryRow(query, format4List, Gzip).Scan(&size)
	return size, err
}

const format4DetailQuery = `SELECT CAST(json AS BLOB), CAST(detail AS BLOB), CAST(fields AS BLOB)
	FROM feedback CROSS JOIN summary USING (pos) WHERE id = ?`

// format4Detail reads the response for one record.
func format4Detail(row *sql.Row) (Packed, error) {
	var summary, detail, fields []byte
	if err := row.Scan(&summary, &detail, &fields); err != nil {
		return Packed{}, err
	}
	text, err := feedback.Join(summary, detail, fields)
	return Pack(text), err
}
