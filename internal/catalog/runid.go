package catalog

import (
	"crypto/rand"
	"strings"
	"time"
)

// runIDTime is the instant in a run's id: it sorts, and needs no escape in a URL or a file name.
const runIDTime = "20060102T150405Z"

// NewRunID makes the id of a run that a person or a start asked for: its mode, its time and five random letters, such as
// "full-20261123T220332Z-k3f9q".
func NewRunID(mode Mode, at time.Time) string {
	return string(mode) + "-" + at.UTC().Format(runIDTime) + "-" + strings.ToLower(rand.Text()[:5])
}
