package httpapi

import (
	"io"
	"strconv"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"

	"voc/internal/snapshot"
)

// Levels for answers that are made for one request: about as fast as the rows come.
const (
	quickBrotli = 3
	quickGzip   = 4
)

// acceptedEncodings reads Accept-Encoding (RFC 9110 §12.5.3): those of ours that the client takes, the better compressing first.
func acceptedEncodings(header string) []snapshot.Encoding {
	weights := map[string]float64{}
	for element := range strings.SplitSeq(header, ",") {
		name, parameters, _ := strings.Cut(element, ";")
		weights[strings.ToLower(strings.TrimSpace(name))] = quality(parameters)
	}
	var accepted []snapshot.Encoding
	for _, encoding := range []snapshot.Encoding{snapshot.Brotli, snapshot.Gzip} {
		weight, named := weights[string(encoding)]
		if !named {
			weight = weights["*"]
		}
		if weight > 0 {
			accepted = append(accepted, encoding)
		}
	}
	return accepted
}

// quality reads ";q=0.5"; what is no quality counts as 1.
func quality(parameters string) float64 {
	name, value, _ := strings.Cut(parameters, "=")
	if !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 1
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil {
		return 1
	}
	return q
}

// encoder compresses on the way to w, in the first of the accepted encodings; nil when none is.
func encoder(w io.Writer, accepted []snapshot.Encoding) (io.WriteCloser, snapshot.Encoding) {
	if len(accepted) == 0 {
		return nil, snapshot.Identity
	}
	if accepted[0] == snapshot.Brotli {
		return brotli.NewWriterLevel(w, quickBrotli), snapshot.Brotli
	}
	z, _ := gzip.NewWriterLevel(w, quickGzip) // the level is valid
	return z, snapshot.Gzip
}
