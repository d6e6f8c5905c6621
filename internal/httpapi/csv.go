package httpapi

import (
	"strings"

	"voc/internal/feedback"
)

// csvTable writes rows as CSV.
type csvTable struct{}

func (csvTable) begin() string { return feedback.CSVHeader() }
func (csvTable) end() string   { return "" }

func (csvTable) row(out, summary []byte) ([]byte, error) { return feedback.AppendCSV(out, summary) }

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
