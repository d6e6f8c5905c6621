package respond

import (
	"net/http"
	"strconv"
	"strings"

	"voc/internal/snapshot"
)

// encodings are the encodings of bodies besides identity, the better compressing first.
var encodings = [...]snapshot.Encoding{snapshot.Brotli, snapshot.Gzip}

// acceptedEncodings returns the encodings that the client accepts (RFC 9110 §12.5.3).
func acceptedEncodings(r *http.Request) (accepted []snapshot.Encoding) {
	var weights [len(encodings)]float64
	var named [len(encodings)]bool
	rest := 0.0 // the weight of those that are not named
	for element := range strings.SplitSeq(headerList(r, "Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(element, ";")
		name = strings.TrimSpace(name)
		if name == "*" {
			rest = quality(weight)
		}
		for i, encoding := range encodings {
			if strings.EqualFold(name, string(encoding)) {
				weights[i], named[i] = quality(weight), true
			}
		}
	}
	for i, encoding := range encodings {
		if weights[i] > 0 || !named[i] && rest > 0 {
			accepted = append(accepted, encoding)
		}
	}
	return accepted
}

// MediaWeight returns how much the client wants a media type (RFC 9110 §12.5.1): the weight of the
// most specific range that includes it, 0 if none does.
func MediaWeight(r *http.Request, mediaType string) float64 {
	kind, _, _ := strings.Cut(mediaType, "/")
	weight, most := 0.0, -1
	for element := range strings.SplitSeq(headerList(r, "Accept"), ",") {
		media, parameters, _ := strings.Cut(element, ";")
		specificity := -1
		switch strings.ToLower(strings.TrimSpace(media)) {
		case mediaType:
			specificity = 2
		case kind + "/*":
			specificity = 1
		case "*/*":
			specificity = 0
		}
		if specificity > most {
			weight, most = qualityAmong(parameters), specificity
		}
	}
	return weight
}

// qualityAmong returns the weight among the parameters of a media range.
func qualityAmong(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, _, _ := strings.Cut(parameter, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			return quality(parameter)
		}
	}
	return 1
}

// quality reads "q=0.5". It returns 1 for nothing and 0 for what is not a weight, because every
// client understands a body that is not encoded.
func quality(weight string) float64 {
	weight = strings.TrimSpace(weight)
	if weight == "" {
		return 1
	}
	name, value, _ := strings.Cut(weight, "=")
	q, _ := strconv.ParseFloat(value, 64) // 0 for what is not a number
	if !strings.EqualFold(name, "q") || !(0 <= q && q <= 1) {
		return 0
	}
	return q
}

// headerList returns a header whose value is a list, which may be spread over several lines.
func headerList(r *http.Request, name string) string {
	return strings.Join(r.Header.Values(name), ",")
}
