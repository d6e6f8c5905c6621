package job

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// startField is the index of a process's start time, in clock ticks since the boot, among
// the fields of /proc/<pid>/stat after the name (proc(5): field 22).
const startField = 22 - 3

// processIdentity returns the boot of the kernel with the namespace of process ids, in
// which two containers of one machine differ, and when a process was started there. It
// returns os.ErrNotExist, together with the space, for a process that is gone or a zombie.
func processIdentity(pid int) (space, started string, err error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	namespace, err2 := os.Readlink("/proc/self/ns/pid")
	if err := errors.Join(err, err2); err != nil {
		return "", "", err
	}
	space = strings.TrimSpace(string(boot)) + " " + namespace
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, os.ErrNotExist) && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		// It is another user's, and /proc is mounted with hidepid.
		return space, "", errors.New("/proc hides the process")
	}
	if err != nil {
		return space, "", err
	}
	name := strings.LastIndexByte(string(stat), ')') // its end: a name may contain anything
	_, after, _ := strings.Cut(string(stat[name+1:]), " ")
	fields := strings.Fields(after)
	if len(fields) <= startField {
		return space, "", errors.New("/proc/<pid>/stat has fewer fields than proc(5) says")
	}
	if fields[0] == "Z" {
		return space, "", os.ErrNotExist
	}
	return space, fields[startField], nil
}
