package job_test

import (
	"testing"

	"voc/internal/job"
)

func TestHolderString(t *testing.T) {
	t.Parallel()
	holder := job.Holder{Host: "laptop", PID: 42, Space: "x", Started: "y"}
	if got := holder.String(); got != "process 42 of host laptop" {
		t.Error(got)
	}
}
