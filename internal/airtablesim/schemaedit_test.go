package airtablesim_test

import (
	"testing"
	"time"

	"voc/internal/airtablesim"
)

func TestRenameChoice(t *testing.T) {
	t.Parallel()
	s := airtablesim.New(airtablesim.Sample(time.Now()), airtablesim.Config{})
	count := func(choice string) (n int) {
		for _, r := range s.Records() {
			if r.Fields["Status"] == choice {
				n++
			}
		}
		return n
	}
	modified := func() (times []any) {
		for _, r := range s.Records() {
			times = append(times, r.Fields["Last Modified Time"])
		}
		return times
	}
	done, before := count("Done"), modified()
	s.RenameChoice("Status", "Done", "Finished")
	if done == 0 || count("Finished") != done || count("Done") != 0 {
		t.Errorf("of %d, %d are renamed and %d not", done, count("Finished"), count("Done"))
	}
	s.RenameChoice("Status", "Finished", "")
	if count("Finished") != 0 {
		t.Error("a deleted choice is still in records")
	}
	for i, at := range modified() {
		if at != before[i] {
			t.Fatalf("record %d was modified at %v, before at %v", i, at, before[i])
		}
	}
}
