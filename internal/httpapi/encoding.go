package httpapi

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"voc/internal/snapshot"
)

// acceptedEncodings reads Accept-Encoding (RFC 9110 §12.5.3): those of ours that the client takes, the better compressing first.
func (r *request) acceptedEncodings() []snapshot.Encoding {
	weights := map[string]float64{}
	for element := range strings.SplitSeq(r.list("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(element, ";")
		weights[strings.ToLower(strings.TrimSpace(name))] = quality(weight)
	}
	return slices.DeleteFunc([]snapshot.Encoding{snapshot.Brotli, snapshot.Gzip}, func(encoding snapshot.Encoding) bool {
		weight, named := weights[string(encoding)]
		if !named {
			weight = weights["*"]
		}
		return weight == 0
	})
}

// accepted names them.
func (r *request) accepted() string {
	var all string
	for _, encoding := range r.acceptedEncodings() {
		all += string(encoding) + " "
	}
	return all
}

// quality reads "q=0.5". None counts as 1, and what is no weight as 0, since every client understands a body that is not encoded.
func quality(weight string) float64 {
	weight = strings.TrimSpace(weight)
	if weight == "" {
		return 1
	}
	name, value, _ := strings.Cut(weight, "=")
	q, _ := strconv.ParseFloat(value, 64) // 0 for what is no number
	if !strings.EqualFold(name, "q") || !(0 <= q && q <= 1) {
		return 0
	}
	return q
}

// smallest gives the body in that of the accepted encodings in which it is smallest, or as it is where none makes it smaller.
func smallest(body []byte, accepted []snapshot.Encoding) ([]byte, snapshot.Encoding) {
	best, chosen := body, snapshot.Identity
	for _, encoding := range accepted {
		var packed bytes.Buffer
		z := compress(&packed, encoding)
		_, _ = z.Write(body) // memory takes all
		_ = z.Close()
		if packed.Len() < len(best) {
			best, chosen = packed.Bytes(), encoding
		}
	}
	return best, chosen
}
