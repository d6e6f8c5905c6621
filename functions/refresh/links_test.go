package main_test

import (
	"slices"
	"testing"
)

// TestLinkedParts: the function does not contain the routes and the page, which only the API
// serves. That is how it stays below 18 MB, which a cold start loads.
func TestLinkedParts(t *testing.T) {
	t.Parallel()
	linked := bootstrap.Links(t, "voc/internal/refresh.New", "voc/internal/httpapi.findList",
		"voc/internal/webui.Load", "github.com/prometheus/client_golang/prometheus.NewRegistry",
		"github.com/aws/aws-sdk-go-v2/service/lambda/schemas.init", "net/http/pprof.Index")
	if want := []string{"voc/internal/refresh.New"}; !slices.Equal(linked, want) {
		t.Errorf("the function links %s, want %s", linked, want)
	}
}
