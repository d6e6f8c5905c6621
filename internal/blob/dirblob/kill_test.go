package dirblob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"voc/internal/blob"
	"voc/internal/blob/dirblob"
)

// childPublishes writes, until it is killed, a new snapshot, then the manifest that names
// it, then the number of the turn to standard output.
func childPublishes(ctx context.Context, store *dirblob.Store) error {
	for {
		turn, _, version, err := manifest(ctx, store)
		if err != nil {
			return err
		}
		turn++
		key := fmt.Sprintf("snapshots/%d-%d", turn, os.Getpid())
		if _, err := store.PutNew(ctx, key, bytes.NewReader(sealed(turn))); err != nil {
			return err
		}
		body := fmt.Appendf(nil, "%d %s", turn, key)
		if _, err := store.Replace(ctx, "manifest", body, version); err != nil {
			return err
		}
		fmt.Println(turn)
	}
}

// sealed returns a body that proves it is complete: its hash, then the rest.
func sealed(turn int) []byte {
	rest := bytes.Repeat(strconv.AppendInt(nil, int64(turn), 10), 100_000)
	sum := sha256.Sum256(rest)
	return append(sum[:], rest...)
}

func isComplete(body []byte) bool {
	return len(body) > sha256.Size && sha256.Sum256(body[sha256.Size:]) == [sha256.Size]byte(body)
}

func manifest(
	ctx context.Context, store blob.Store,
) (turn int, snapshot string, version blob.Version, err error) {
	object, err := store.Get(ctx, "manifest")
	if errors.Is(err, blob.ErrNotExist) {
		return 0, "", "", nil
	}
	if err != nil {
		return 0, "", "", err
	}
	defer object.Body.Close()
	_, err = fmt.Fscanf(object.Body, "%d %s", &turn, &snapshot)
	return turn, snapshot, object.Version, err
}

func TestKilledWriterLeavesOldOrNew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for round := range 12 {
		c := start(t, "publish", dir)
		acknowledged := 0
		for range 1 + round%3 {
			if c.lines.Scan() {
				acknowledged, _ = strconv.Atoi(c.lines.Text())
			}
		}
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for _, line := range c.remaining() {
			acknowledged, _ = strconv.Atoi(line)
		}
		c.Wait()
		checkPublished(t, dir, acknowledged)
	}
}

// checkPublished checks, as the next process would, that everything a dead process
// acknowledged is there and everything that is there is complete.
func checkPublished(t *testing.T, dir string, acknowledged int) {
	t.Helper()
	store := open(t, dir)
	if left := drafts(t, dir); len(left) != 0 {
		t.Errorf("Open left drafts of dead writers: %q", left)
	}
	turn, current, _, err := manifest(t.Context(), store)
	if err != nil || acknowledged == 0 || turn < acknowledged || turn > acknowledged+1 {
		t.Errorf("turn %d, %v, after %d was acknowledged", turn, err, acknowledged)
	}
	found := false
	for info, err := range store.List(t.Context(), "snapshots/") {
		if err != nil {
			t.Fatal(err)
		}
		found = found || info.Key == current
		if body, err := os.ReadFile(filepath.Join(dir, info.Key)); err != nil || !isComplete(body) {
			t.Errorf("%s is incomplete: %d bytes, %v", info.Key, len(body), err)
		}
	}
	if !found {
		t.Errorf("the manifest names %s, which is not there", current)
	}
}

// childStalls writes "half" when it has read half of a body, and waits.
func childStalls(ctx context.Context, store *dirblob.Store) error {
	body := &pausing{bytes.NewReader(sealed(1)), func() {
		fmt.Println("half")
		io.Copy(io.Discard, os.Stdin)
	}}
	_, err := store.PutNew(ctx, "object", body)
	return err
}

func TestOpenRemovesDraftsOfKilledWriter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := start(t, "stall", dir)
	if !c.lines.Scan() {
		t.Fatal("the child wrote nothing")
	}
	open(t, dir)
	if len(drafts(t, dir)) != 1 {
		t.Errorf("drafts while the writer lives: %q", drafts(t, dir))
	}
	c.Process.Kill()
	c.Wait()
	store := open(t, dir)
	if left := drafts(t, dir); len(left) != 0 {
		t.Errorf("drafts after it died: %q", left)
	}
	put(t, store, "object", "a later writer's")
}

// childLacksSpace has a real fault in the middle of a body: the system limits its files
// to 64 KiB.
func childLacksSpace(ctx context.Context, store *dirblob.Store) error {
	signal.Ignore(syscall.SIGXFSZ)
	limit := &syscall.Rlimit{Cur: 64 << 10, Max: 64 << 10}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, limit); err != nil {
		return err
	}
	_, err := store.PutNew(ctx, "object", bytes.NewReader(sealed(1)))
	fmt.Println(err)
	return nil
}

func TestFullDiskLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := start(t, "little space", dir)
	text := strings.Join(c.remaining(), "\n")
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	drafted := filepath.Join(dir, ".store", "drafts")
	actionable(t, errors.New(text), drafted, "raise the limit on file sizes")
	if left := drafts(t, dir); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	if _, err := open(t, dir).Stat(t.Context(), "object"); !errors.Is(err, blob.ErrNotExist) {
		t.Errorf("Stat: %v, want ErrNotExist", err)
	}
}
