package job

import (
	"fmt"
	"os"
)

// Holder is the process that holds a lease. Another process on the same machine can
// detect at once that it has ended.
type Holder struct {
	Host string `json:"host"` // for people
	PID  int    `json:"pid"`

	// Space identifies the boot of a machine and a group of processes on it that see each
	// other; "" if it is unknown.
	Space string `json:"space,omitempty"`
	// Started is when the process was started, in the units of Space: process ids are reused.
	Started string `json:"started,omitempty"`
}

// String names the process for an operator.
func (h Holder) String() string { return fmt.Sprintf("process %d of host %s", h.PID, h.Host) }

func thisProcess() Holder {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	h := Holder{Host: host, PID: os.Getpid()}
	h.Space, h.Started, _ = processIdentity(h.PID)
	return h
}
