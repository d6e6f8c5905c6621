package buildtest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Command is a command that tests start. It is safe for concurrent use.
type Command struct {
	Package string // argument of go build, relative to the folder of the tests
	Tags    string // build tags, separated by commas

	once sync.Once
	dir  string
	err  error
}

// Path builds the command on the first call and returns the path of the file. It fails the
// test if the build fails.
func (c *Command) Path(t testing.TB) string {
	t.Helper()
	c.once.Do(func() { c.err = c.build() })
	if c.err != nil {
		t.Fatalf("build %s: %v", c.Package, c.err)
	}
	return c.file()
}

// Links returns which of some functions are in the command. Their names, such as "bytes.Cut", have
// the path of their package; the file has them for stack traces.
func (c *Command) Links(t testing.TB, functions ...string) (linked []string) {
	t.Helper()
	file, err := os.ReadFile(c.Path(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range functions {
		if bytes.Contains(file, []byte("\x00"+name+"\x00")) {
			linked = append(linked, name)
		}
	}
	return linked
}

// Remove removes the built file. It is for TestMain.
func (c *Command) Remove() { _ = os.RemoveAll(c.dir) }

func (c *Command) file() string { return filepath.Join(c.dir, "command") }

func (c *Command) build() (err error) {
	if c.dir, err = os.MkdirTemp("", "voc-test-command-"); err != nil {
		return err
	}
	// -buildvcs=false: git refuses to read a repository that another user owns.
	build := exec.Command("go", "build", "-buildvcs=false", "-tags", c.Tags, "-ldflags", "-s -w",
		"-o", c.file(), c.Package)
	build.Env = append(build.Environ(), environment...)
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}
