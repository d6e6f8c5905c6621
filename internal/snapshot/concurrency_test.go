package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"voc/internal/feedback"
	"voc/internal/snapshot/snaptest"
)

// Concurrent readers of one File get equal responses.
func TestConcurrentReaders(t *testing.T) {

	t.Parallel()
	records := snaptest.Cells{}
	for i := range 100 {
		records[fmt.Sprint("rec", i)] = fmt.Sprintf(`{"Notes":"%0500d"}`, i)
	}
	file := snaptest.New(t, records)
	want, order := snaptest.WholeList(t, file), snaptest.IDs(t, file)
	var readers sync.WaitGroup
	for reader := range 8 {
		readers.Go(func() {
			for encoding := range snaptest.Encodings {
				if got, err := snaptest.Body(t, file, encoding); got != want || err != nil {
					t.Errorf("%s: %d bytes, %v, want %d", encoding, len(got), err, len(want))
				}
			}
			filter := feedback.Filter{Any: snaptest.Any{"team": {"TRIAGE"}}}
			if n, err := snaptest.Count(context.Background(), file, filter); n != len(order) || err != nil {
				t.Errorf("counted %d, %v", n, err)
			}
			for i, id := range order[reader*10:][:10] {
				packed, err := file.Detail(context.Background(), id)
				detail, damage := packed.Text()
				begins := strings.HasPrefix(string(detail), fmt.Sprintf(`{"id":%q,`, id))
				if err = errors.Join(err, damage); err != nil || !begins {
					t.Errorf("record %d: %v, %.80s", i, err, detail)
				}
			}
			if all := snaptest.List(t, file, filter, 0); len(all) != len(order) {
				t.Errorf("listed %d", len(all))
			}
		})
	}
	readers.Wait()
}
