package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"voc/internal/airtablesim"
	"voc/internal/voctest"
)

// floor returns the least time of a full refresh: pages of 100 records at Airtable's 5 requests a
// second (https://airtable.com/developers/web/api/rate-limits).
func floor(records int) time.Duration {
	return time.Duration((records+99)/100) * time.Second / 5
}

// BenchmarkFullRefresh runs `voc refresh full` over the whole sample, at several latencies of
// Airtable and with its rate limit. It reports the time from the first request to the last page
// as a multiple of the floor, the calls above one for each page, the time from the last page to
// the end of the process, and the process's peak memory.
func BenchmarkFullRefresh(b *testing.B) {
	data, err := airtablesim.Load(voctest.WholeFile(b))
	if err != nil {
		b.Fatal(err)
	}
	for _, ms := range []int{50, 150, 300, 600} {
		b.Run(fmt.Sprintf("latency=%dms", ms), func(b *testing.B) {
			for b.Loop() {
				refreshFull(b, data, time.Duration(ms)*time.Millisecond)
			}
		})
	}
}

func refreshFull(b *testing.B, data *airtablesim.Base, latency time.Duration) {
	b.Helper()
	var first, last atomic.Int64
	sim := airtablesim.New(data, airtablesim.Config{Latency: latency})
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first.CompareAndSwap(0, time.Now().UnixNano())
		sim.ServeHTTP(w, r)
		last.Store(time.Now().UnixNano())
	}))
	defer far.Close()
	cmd := exec.Command(server.Path(b), "refresh", "full")
	cmd.Dir = b.TempDir()
	cmd.Env = []string{"TMPDIR=" + b.TempDir(), "AIRTABLE_API_URL=" + far.URL, "AIRTABLE_BASE_ID=" +
		data.ID(), "AIRTABLE_API_KEY=" + airtablesim.DemoToken}
	var receipt bytes.Buffer
	cmd.Stdout = &receipt
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	peak := watchMemory(cmd.Process.Pid)
	err := cmd.Wait()
	ended := time.Now().UnixNano()
	var run struct{ Added, Throttled int }
	if err != nil || json.Unmarshal(receipt.Bytes(), &run) != nil || run.Added != data.Len() ||
		run.Throttled != 0 {
		b.Fatalf("%v: %s", err, receipt.String())
	}
	b.ReportMetric(float64(last.Load()-first.Load())/float64(floor(data.Len())), "×floor")
	b.ReportMetric(float64(sim.Counters().Total()-(data.Len()+99)/100), "calls-above-pages")
	b.ReportMetric(float64(sim.Counters().Peak), "most-in-a-second")
	b.ReportMetric(float64(ended-last.Load())/1e9, "s-after-last-page")
	b.ReportMetric(float64(<-peak)/1e6, "MB-peak")
}

// BenchmarkOneEdit runs `voc refresh incremental` after an edit of one record of the whole sample.
// It reports the processor time of the process and the bytes that it adds to the store, and both
// for the full refresh before it.
func BenchmarkOneEdit(b *testing.B) {
	data, err := airtablesim.Load(voctest.WholeFile(b))
	if err != nil {
		b.Fatal(err)
	}
	sim := airtablesim.New(data, airtablesim.Config{Rate: -1})
	airtable := httptest.NewServer(sim)
	defer airtable.Close()
	store := b.TempDir()
	refresh := func(mode string) (seconds, megabytes float64) {
		cmd := exec.Command(server.Path(b), "refresh", mode)
		cmd.Dir = b.TempDir()
		cmd.Env = []string{
			"TMPDIR=" + b.TempDir(), "AIRTABLE_API_URL=" + airtable.URL, "AIRTABLE_BASE_ID=" + data.ID(),
			"AIRTABLE_API_KEY=" + airtablesim.DemoToken, "FEEDBACK_YEARS=all",
			"SNAPSHOT_STORE=file://" + store,
		}
		before := stored(b, store)
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		return used.Seconds(), float64(stored(b, store)-before) / 1e6
	}
	fullSeconds, fullMegabytes := refresh("full")
	id := sim.Records()[data.Len()/2].ID
	var seconds, megabytes float64
	for b.Loop() {
		sim.Update(id, map[string]any{"Notes": fmt.Sprint("edited at ", time.Now())})
		s, m := refresh("incremental")
		seconds, megabytes = seconds+s, megabytes+m
	}
	b.ReportMetric(fullSeconds, "full-cpu-s")
	b.ReportMetric(fullMegabytes, "full-MB-stored")
	b.ReportMetric(seconds/float64(b.N), "cpu-s/op")
	b.ReportMetric(megabytes/float64(b.N), "MB-stored/op")
}

// stored returns how many bytes the parts of all snapshots in a store take.
func stored(b *testing.B, store string) (size int64) {
	b.Helper()
	for _, folder := range []string{"snapshots", "sources"} {
		entries, err := os.ReadDir(filepath.Join(store, folder))
		if err != nil && !os.IsNotExist(err) {
			b.Fatal(err)
		}
		for _, entry := range entries {
			info, err := entry.Info()
			if err != nil {
				b.Fatal(err)
			}
			size += info.Size()
		}
	}
	return size
}

// watchMemory sends the peak of a process's resident memory in bytes once the process has ended.
// The figure that the system gives the parent at the end includes the moment before exec, when
// the child still has the parent's memory.
func watchMemory(pid int) <-chan int64 {
	peak := make(chan int64, 1)
	go func() {
		var most int64
		for {
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			_, after, ok := strings.Cut(string(status), "VmHWM:")
			if err != nil || !ok {
				peak <- most << 10
				return
			}
			_, _ = fmt.Sscan(after, &most) // kB; a number stands there
			time.Sleep(20 * time.Millisecond)
		}
	}()
	return peak
}
