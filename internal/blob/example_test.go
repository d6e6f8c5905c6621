package blob_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"voc/internal/blob"
	"voc/internal/blob/blobtest"
)

// addRun appends a run to a list that several processes append to. The run is its own
// mark: finding it resolves lost responses and lost races alike.
func addRun(ctx context.Context, store blob.Store, run string) error {
	for {
		runs, version, err := read(ctx, store, "runs")
		if err != nil || strings.Contains(runs, run+"\n") {
			return err
		}
		_, err = store.Replace(ctx, "runs", []byte(runs+run+"\n"), version)
		if !errors.Is(err, blob.ErrChanged) && !errors.Is(err, blob.ErrUncertain) {
			return err
		}
	}
}

func read(ctx context.Context, store blob.Store, key string) (string, blob.Version, error) {
	object, err := store.Get(ctx, key)
	if errors.Is(err, blob.ErrNotExist) {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	defer object.Body.Close()
	body, err := io.ReadAll(object.Body)
	return string(body), object.Version, err
}

func Example() {
	ctx := context.Background()
	store := blobtest.NewFaulty(blobtest.NewMemory(nil))
	store.Inject(
		blobtest.Fault{Kind: blobtest.Replace, N: 1, Effect: blobtest.Applied},
		blobtest.Fault{Kind: blobtest.Replace, N: 2, Effect: blobtest.Lost},
		blobtest.Fault{Kind: blobtest.Replace, N: 3, Effect: blobtest.Before(func() {
			addRun(ctx, store, "another process's") // which is Replace number 4
		})},
	)
	for _, run := range []string{"first", "second"} {
		if err := addRun(ctx, store, run); err != nil {
			fmt.Println(err)
		}
	}
	runs, _, _ := read(ctx, store, "runs")
	fmt.Print(runs)
	// Output:
	// first
	// another process's
	// second
}
