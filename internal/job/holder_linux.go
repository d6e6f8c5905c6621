package job

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// processSpace identifies the boot of the kernel and the namespace of process ids, in
// which two containers of one machine differ.
func processSpace() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	space, err2 := os.Readlink("/proc/self/ns/pid")
	if err != nil || err2 != nil {
		return ""
	}
	return strings.TrimSpace(string(boot)) + " " + space
}

// startField is the index of a process's start time, in clock ticks since the boot, among
// the fields of /proc/<pid>/stat after the name (proc(5): field 22).
const startField = 22 - 3

// processStart reads when a process was started. It returns os.ErrNotExist for a process
// that is gone or a zombie.
func processStart(pid int) (string, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, os.ErrNotExist) && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return "", errors.New("/proc hides the process") // another user's, if it is mounted with hidepid
	}
	if err != nil {
		return "", err
	}
	name := strings.LastIndexByte(string(stat), ')') // its end: a name may contain anything
	_, after, _ := strings.Cut(string(stat[name+1:]), " ")
	fields := strings.Fields(after)
	if len(fields) <= startField {
		return "", errors.New("/proc/<pid>/stat has fewer fields than proc(5) says")
	}
	if fields[0] == "Z" {
		return "", os.ErrNotExist
	}
	return fields[startField], nil
}
