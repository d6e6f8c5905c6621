package job

import (
	"crypto/rand"
	"regexp"
	"strings"
	"time"
)

// runIDTime is the instant in a run's id: it sorts, and needs no escape in a URL or a
// file name.
const runIDTime = "20060102T150405Z"

// NewRunID returns a new id for a run that is not scheduled: its mode, its time and five
// random letters, such as "full-20261123T220332Z-k3f9q".
func NewRunID(mode Mode, at time.Time) string {
	return string(mode) + "-" + at.UTC().Format(runIDTime) + "-" + strings.ToLower(rand.Text()[:5])
}

// ScheduledRunID returns the id of the run that is due at a time. Every host and every
// retry derive the same id, so that the run is done once.
func ScheduledRunID(mode Mode, due time.Time) string {
	return string(mode) + "-" + due.UTC().Format(runIDTime) + "-sched"
}

var runID = regexp.MustCompile(`^(full|sweep|incremental|rollback)-(\d{8}T\d{6}Z)-[a-z0-9]{5}$`)

// ParseRunID returns the mode and the time in a run's id. ok is false if neither NewRunID nor
// ScheduledRunID makes such an id.
func ParseRunID(id string) (mode Mode, at time.Time, ok bool) {
	parts := runID.FindStringSubmatch(id)
	if parts == nil {
		return "", time.Time{}, false
	}
	mode = Mode(parts[1])
	at, err := time.Parse(runIDTime, parts[2])
	return mode, at, err == nil
}
