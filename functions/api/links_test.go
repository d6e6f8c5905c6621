package main_test

import (
	"slices"
	"testing"
)

// TestLinkedParts: the function does not contain what only other programs use. That is how it
// stays below 18 MB, which a cold start loads.
func TestLinkedParts(t *testing.T) {
	t.Parallel()
	linked := bootstrap.Links(t, "voc/internal/httpapi.findList", "voc/internal/refresh.New",
		"voc/internal/airtable.New", "github.com/andybalholm/brotli.(*Writer).Write",
		"github.com/prometheus/client_golang/prometheus.NewRegistry",
		"github.com/aws/aws-sdk-go-v2/service/lambda/schemas.init", "net/http/pprof.Index")
	if want := []string{"voc/internal/httpapi.findList"}; !slices.Equal(linked, want) {
		t.Errorf("the function links %s, want %s", linked, want)
	}
}
