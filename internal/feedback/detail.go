package feedback

import "bytes"

// detail has the keys that the response for one record adds to a Summary, apart from
// those that Join copies out of it, and from fields, which come last, from the record
// itself.
type detail struct {
	Notes           string   `json:"notes"`
	ResolutionNotes string   `json:"resolution_notes"`
	RelatedIMT      string   `json:"related_imt"`
	Areas           []string `json:"areas"`
	CreatedAt       string   `json:"created_at"`
	ModifiedAt      string   `json:"modified_at"`
	AirtableURL     string   `json:"airtable_url"`
}

// Detail renders the JSON object of what the response for one record has beyond Summary,
// without its last key, fields: those are the record's own bytes, which a snapshot keeps
// anyway. Join puts the three together.
func (f Feedback) Detail(airtableURL string) []byte {
	areas := f.Areas
	if areas == nil {
		areas = []string{}
	}
	return encode(detail{
		Notes: f.Notes, ResolutionNotes: f.ResolutionNotes,
		RelatedIMT: f.RelatedIMT, Areas: areas, CreatedAt: f.Created.Format(TimeFormat),
		ModifiedAt: f.Modified.Format(TimeFormat), AirtableURL: airtableURL,
	})
}

// Join makes the response for one record of its Summary, its Detail and its fields (a
// JSON object) by copying bytes: nothing is decoded. What the response has twice, under
// two names, is stored once.
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

// member finds a text of a Summary, with its quotes. Inside of a text every quote is
// escaped, so the name is found where it is one.
func member(summary []byte, name string) ([]byte, bool) {
	_, rest, ok := bytes.Cut(summary, []byte(`,"`+name+`":`))
	end := valueEnd(rest)
	if !ok || end < 0 || rest[0] != '"' {
		return nil, false
	}
	return rest[:end], true
}
