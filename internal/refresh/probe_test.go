package refresh_test

import (
	"context"
	"testing"

	"voc/internal/airtablesim"
	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/job"
	"voc/internal/refresh"
)

// unconditional is a store that accepts conditional writes and ignores the condition.
type unconditional struct{ *blobtest.Memory }

func (u unconditional) Replace(
	ctx context.Context, key string, body []byte, _ blob.Version,
) (blob.Info, error) {
	info, err := u.Stat(ctx, key)
	if err != nil {
		info.Version = ""
	}
	return u.Memory.Replace(ctx, key, body, info.Version)
}

func TestCheckProbesStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, airtablesim.Config{})
	w.must(job.Full, job.Published)
	contains(t, of(w.check(), refresh.Fine), "store: memory: keeps its promises")
	report := w.newEngine(w.config(unconditional{w.store})).Check(t.Context())
	contains(t, of(report, refresh.Wrong), "memory:", "accepts conditional writes and ignores them",
		"SNAPSHOT_STORE")
	for info := range w.store.List(t.Context(), "probe-") {
		t.Errorf("a check leaves %s", info.Key)
	}
}
