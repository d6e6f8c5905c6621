package feedback

import "bytes"

// detail has the keys that the response for one record adds to a Summary, except those
// that Join copies from the Summary, and except the last one, fields.
type detail struct {
	Notes           string   `json:"notes"`
	ResolutionNotes string   `json:"resolution_notes"`
	RelatedIMT      string   `json:"related_imt"`
	Areas           []string `json:"areas"`
	CreatedAt       string   `json:"created_at"`
	ModifiedAt      string   `json:"modified_at"`
	AirtableURL     string   `json:"airtable_url"`
}

// Detail renders the JSON object of the keys that the response for one record has beyond
// Summary. Its last key, fields, is missing: a snapshot stores the record's own bytes
// anyway. Join joins the three.
func (f Feedback) Detail(airtableURL string) []byte {
	areas := f.Areas
	if areas == nil {
		areas = []string{}
	}
	return encode(detail{
		Notes:           f.Notes,
		ResolutionNotes: f.ResolutionNotes,
		RelatedIMT:      f.RelatedIMT,
		Areas:           areas,
		CreatedAt:       f.Created.Format(TimeFormat),
		ModifiedAt:      f.Modified.Format(TimeFormat),
		AirtableURL:     airtableURL,
	})
}

// Join builds the response for one record from its Summary, its Detail and its fields (a
// JSON object). It copies bytes and decodes nothing. A value that the response has under
// two names is stored once. Join returns an error if Summary is damaged.
func Join(summary, detail, fields []byte) ([]byte, error) {
	description, ok := member(summary, "description")
	team, found := member(summary, "team")
	if !ok || !found || len(detail) < len(`{}`) || len(fields) < len(`{}`) {
		return nil, errDamaged
	}
	whole := make([]byte, 0, len(summary)+len(description)+len(detail)+len(fields)+100)
	whole = append(whole, summary[:len(summary)-1]...)
	whole = append(append(whole, `,"initial_description":`...), description...)
	whole = append(append(whole, `,"team_routed":`...), team...)
	whole = append(append(whole, ','), detail[1:len(detail)-1]...)
	whole = append(append(whole, `,"fields":`...), fields...)
	return append(whole, '}'), nil
}

// member returns a text of a Summary, with its quotes. Every quote inside a text is
// escaped, so the name cannot be found there.
func member(summary []byte, name string) ([]byte, bool) {
	_, rest, ok := bytes.Cut(summary, []byte(`,"`+name+`":`))
	end := valueEnd(rest)
	if !ok || end < 0 || rest[0] != '"' {
		return nil, false
	}
	return rest[:end], true
}
