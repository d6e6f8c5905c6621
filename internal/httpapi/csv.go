package httpapi

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"voc/internal/feedback"
)

// csvTable writes rows of JSON as CSV (RFC 4180). The standard library's writer would drop or add carriage returns inside of cells.
type csvTable struct{}

func (csvTable) begin() string { return strings.Join(feedback.Columns(), ",") + "\r\n" }
func (csvTable) end() string   { return "" }

// row writes the values of a JSON object, which has the columns' keys in their order.
func (csvTable) row(out, summary []byte) ([]byte, error) {
	decoder := jsontext.NewDecoder(bytes.NewReader(summary))
	if _, err := decoder.ReadToken(); err != nil { // the opening brace
		return nil, err
	}
	for cells := 0; decoder.PeekKind() != jsontext.KindEndObject; cells++ {
		if err := decoder.SkipValue(); err != nil { // its name
			return nil, err
		}
		value, err := decoder.ReadToken()
		if err != nil {
			return nil, err
		}
		if cells > 0 {
			out = append(out, ',')
		}
		if value.Kind() != jsontext.KindNull {
			out = appendCell(out, value.String())
		}
	}
	return append(out, "\r\n"...), nil
}

// appendCell adds a text. One that a spreadsheet would take for a formula gets an apostrophe, which makes it a text there.
func appendCell(out []byte, text string) []byte {
	if text != "" && strings.IndexByte("=+-@\t\r", text[0]) >= 0 {
		text = "'" + text
	}
	if !strings.ContainsAny(text, ",\"\r\n") {
		return append(out, text...)
	}
	return append(append(append(out, '"'), strings.ReplaceAll(text, `"`, `""`)...), '"')
}

// format says whether a list is wanted as CSV: the parameter tells, else what the client accepts. Where it takes both alike it gets JSON.
func (r *request) format() (csv bool, bad badRequest) {
	given, ok := r.values["format"]
	if !ok {
		return r.acceptance("text", "csv") > r.acceptance("application", "json"), nil
	}
	if given[0] != "csv" && given[0] != "json" {
		return false, badRequest{{"format", "must be csv or json"}}
	}
	return given[0] == "csv", nil
}

// acceptance is how much the client wants a media type (RFC 9110 §12.5.1): the weight of the most specific range that has it.
func (r *request) acceptance(kind, subtype string) float64 {
	weight, most := 0.0, -1
	for element := range strings.SplitSeq(r.list("Accept"), ",") {
		media, parameters, _ := strings.Cut(element, ";")
		specific := -1
		switch strings.ToLower(strings.TrimSpace(media)) {
		case kind + "/" + subtype:
			specific = 2
		case kind + "/*":
			specific = 1
		case "*/*":
			specific = 0
		}
		if specific > most {
			weight, most = mediaWeight(parameters), specific
		}
	}
	return weight
}

// mediaWeight finds the weight among the parameters of a media range.
func mediaWeight(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, _, _ := strings.Cut(parameter, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			return quality(parameter)
		}
	}
	return 1
}
