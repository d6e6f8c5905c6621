package catalog

import (
	"fmt"
	"os"
)

// Holder is the process that has a lease, so that another one on the same machine can tell at once that it is gone.
type Holder struct {
	Host string `json:"host"` // for people
	PID  int    `json:"pid"`

	// Space names the machine since it was started and the processes that see each other on it; "" where this program can not tell.
	Space   string `json:"space,omitempty"`
	Started string `json:"started,omitempty"` // when the process was, in whatever way Space tells time: process ids are used again
}

// String names the process for people.
func (h Holder) String() string { return fmt.Sprintf("process %d of host %s", h.PID, h.Host) }

func thisProcess() Holder {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	h := Holder{Host: host, PID: os.Getpid(), Space: processSpace()}
	if h.Space != "" {
		h.Started, _ = processStart(h.PID)
	}
	return h
}

// gone says whether the process is certainly dead. Of another machine's, or another container's, nothing is certain.
func (h Holder) gone() bool {
	if h.Space == "" || h.Space != processSpace() {
		return false
	}
	started, err := processStart(h.PID)
	return os.IsNotExist(err) || err == nil && started != h.Started
}
