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

// childPublishes, until it is killed: a new snapshot, then the manifest that names it, then the turn's number
// on standard output.
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
		if _, err := store.Replace(ctx, "manifest", fmt.Appendf(nil, "%d %s", turn, key), version); err != nil {
			return err
		}
		fmt.Println(turn)
	}
}

// sealed is a body that shows whether it is whole: its hash, then the rest.
func sealed(turn int) []byte {
	rest := bytes.Repeat(strconv.AppendInt(nil, int64(turn), 10), 100_000)
	sum := sha256.Sum256(rest)
	return append(sum[:], rest...)
}

func whole(body []byte) bool {
	return len(body) > sha256.Size && sha256.Sum256(body[sha256.Size:]) == [sha256.Size]byte(body)
}

func manifest(ctx context.Context, store blob.Store) (turn int, snapshot string, version blob.Version, err error) {
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

func TestAKilledWriterLeavesOldOrNewAndStopsNobody(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for round := range 12 {
		c := start(t, "publish", dir)
		told := 0
		for range 1 + round%3 {
			if c.lines.Scan() {
				told, _ = strconv.Atoi(c.lines.Text())
			}
		}
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for _, line := range c.rest() {
			told, _ = strconv.Atoi(line)
		}
		c.Wait()
		checkPublished(t, dir, told)
	}
}

// checkPublished looks as the next process does: all that a dead one acknowledged is there, and nothing is half there.
func checkPublished(t *testing.T, dir string, told int) {
	t.Helper()
	store := open(t, dir)
	if left := drafts(t, dir); len(left) != 0 {
		t.Errorf("Open left drafts of the dead: %q", left)
	}
	turn, current, _, err := manifest(t.Context(), store)
	if err != nil || told == 0 || turn < told || turn > told+1 {
		t.Errorf("turn %d, %v, after %d was acknowledged", turn, err, told)
	}
	found := false
	for info, err := range store.List(t.Context(), "snapshots/") {
		if err != nil {
			t.Fatal(err)
		}
		found = found || info.Key == current
		if body, err := os.ReadFile(filepath.Join(dir, info.Key)); err != nil || !whole(body) {
			t.Errorf("%s is half: %d bytes, %v", info.Key, len(body), err)
		}
	}
	if !found {
		t.Errorf("the manifest names %s, which is not there", current)
	}
}

// childStalls has read half of a body when it says so, and waits.
func childStalls(ctx context.Context, store *dirblob.Store) error {
	body := &pausing{bytes.NewReader(sealed(1)), func() {
		fmt.Println("half")
		io.Copy(io.Discard, os.Stdin)
	}}
	_, err := store.PutNew(ctx, "object", body)
	return err
}

func TestTheDraftOfAKilledWriterGoesAtTheNextOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := start(t, "stall", dir)
	if !c.lines.Scan() {
		t.Fatal("the child said nothing")
	}
	open(t, dir)
	if len(drafts(t, dir)) != 1 {
		t.Errorf("drafts while the writer lives: %q", drafts(t, dir))
	}
	c.Process.Kill()
	c.Wait()
	store := open(t, dir)
	if left := drafts(t, dir); len(left) != 0 {
		t.Errorf("drafts after its death: %q", left)
	}
	put(t, store, "object", "a later writer's")
}

// childLacksSpace meets a real fault in the middle of a body: the system lets it write no more than 64 KiB to a file.
func childLacksSpace(ctx context.Context, store *dirblob.Store) error {
	signal.Ignore(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 64 << 10, Max: 64 << 10}); err != nil {
		return err
	}
	_, err := store.PutNew(ctx, "object", bytes.NewReader(sealed(1)))
	fmt.Println(err)
	return nil
}

func TestABodyThatDoesNotFitLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := start(t, "little space", dir)
	said := strings.Join(c.rest(), "\n")
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	actionable(t, errors.New(said), filepath.Join(dir, ".store", "drafts"), "raise the limit on file sizes")
	if left := drafts(t, dir); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	if _, err := open(t, dir).Stat(t.Context(), "object"); !errors.Is(err, blob.ErrNotExist) {
		t.Errorf("Stat: %v, want ErrNotExist", err)
	}
}
