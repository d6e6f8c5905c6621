package catalog_test

import (
	"testing"
	"time"

	"voc/internal/catalog"
)

func TestARunsIDCarriesItsModeAndItsTime(t *testing.T) {
	at := time.Date(2026, 11, 23, 22, 3, 32, 0, time.UTC)
	for _, want := range []catalog.Mode{catalog.Full, catalog.Incremental} {
		mode, when, ok := catalog.ParseRunID(catalog.NewRunID(want, at))
		if !ok || mode != want || !when.Equal(at) {
			t.Errorf("%s at %s, %v", mode, when, ok)
		}
	}
	for _, id := range []string{"", "full", "full-20261123T220332Z", "full-20261123T220332Z-", "full-20261323T220332Z-abcde", "check-20261123T220332Z-abcde", "full-20261123T220332Z-abcde/"} {
		if _, _, ok := catalog.ParseRunID(id); ok {
			t.Errorf("%q is taken for a run's id", id)
		}
	}
}
