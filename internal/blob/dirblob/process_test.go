package dirblob_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"voc/internal/blob"
	"voc/internal/blob/dirblob"
)

// childVariable is the environment variable that names what a test binary started by a
// test does instead of running tests.
const childVariable = "DIRBLOB_CHILD"

// children work on the store in the current directory and report on standard output.
var children = map[string]func(ctx context.Context, store *dirblob.Store) error{
	"increment":    childIncrements,
	"create":       childCreates,
	"publish":      childPublishes,
	"stall":        childStalls,
	"little space": childLacksSpace,
}

func TestMain(m *testing.M) {
	name, isChild := os.LookupEnv(childVariable)
	if !isChild {
		os.Exit(m.Run())
	}
	store, err := dirblob.Open(".")
	if err == nil {
		err = children[name](context.Background(), store)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, name, err)
		os.Exit(1)
	}
}

// child is another process that works on a store.
type child struct {
	*exec.Cmd
	lines *bufio.Scanner
	stdin io.WriteCloser
}

func start(t *testing.T, name, dir string) child {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	// Otherwise the race detector makes each child sleep for a second before it exits.
	cmd.Env = append(os.Environ(), childVariable+"="+name, "GORACE=atexit_sleep_ms=0")
	stdout, outErr := cmd.StdoutPipe()
	stdin, inErr := cmd.StdinPipe()
	if err := errors.Join(outErr, inErr, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	return child{cmd, bufio.NewScanner(stdout), stdin}
}

// remaining returns what the child writes until it ends.
func (c child) remaining() (lines []string) {
	for c.lines.Scan() {
		lines = append(lines, c.lines.Text())
	}
	return lines
}

const processes, turns = 4, 25

func childIncrements(ctx context.Context, store *dirblob.Store) error {
	for range turns {
		for {
			count, version, err := counter(ctx, store)
			if err != nil {
				return err
			}
			_, err = store.Replace(ctx, "counter", []byte(strconv.Itoa(count+1)), version)
			if err == nil {
				break
			}
			if !errors.Is(err, blob.ErrChanged) {
				return err
			}
		}
	}
	return nil
}

func counter(ctx context.Context, store blob.Store) (int, blob.Version, error) {
	object, err := store.Get(ctx, "counter")
	if errors.Is(err, blob.ErrNotExist) {
		return 0, "", nil
	}
	if err != nil {
		return 0, "", err
	}
	defer object.Body.Close()
	body, err := io.ReadAll(object.Body)
	if err != nil {
		return 0, "", err
	}
	count, err := strconv.Atoi(string(body))
	return count, object.Version, err
}

func TestProcessesLoseNoUpdate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var all []child
	for range processes {
		all = append(all, start(t, "increment", dir))
	}
	for _, c := range all {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	if count, _, err := counter(t.Context(), open(t, dir)); count != processes*turns || err != nil {
		t.Errorf("counted %d, %v, want %d", count, err, processes*turns)
	}
}

// childCreates reports which keys it created.
func childCreates(ctx context.Context, store *dirblob.Store) error {
	for turn := range turns {
		key := fmt.Sprint("new/", turn)
		_, err := store.PutNew(ctx, key, strings.NewReader(strconv.Itoa(os.Getpid())))
		if err == nil {
			fmt.Println(key)
		} else if !errors.Is(err, blob.ErrExist) {
			return err
		}
	}
	return nil
}

func TestOneProcessCreatesEachObject(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	creators := map[string]int{}
	var all []child
	for range processes {
		all = append(all, start(t, "create", dir))
	}
	for _, c := range all {
		for _, key := range c.remaining() {
			if creators[key] != 0 {
				t.Errorf("%s was created by %d and by %d", key, creators[key], c.Process.Pid)
			}
			creators[key] = c.Process.Pid
		}
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	if len(creators) != turns {
		t.Errorf("%d of %d objects were created", len(creators), turns)
	}
	for key, pid := range creators {
		body, err := os.ReadFile(filepath.Join(dir, key))
		if string(body) != strconv.Itoa(pid) || err != nil {
			t.Errorf("%s holds %q, %v, want %d", key, body, err, pid)
		}
	}
}
