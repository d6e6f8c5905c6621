package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"voc/internal/airtablesim"
	"voc/internal/buildtest"
	"voc/internal/lambdahost/lambdatest"
	"voc/internal/serverhost/servertest"
	"voc/internal/voctest"
)

// The pace of S3 as a function sees it (performance guidelines, 2026, and what others have
// measured).
const (
	firstByte = 30 * time.Millisecond
	perSecond = 75 << 20 // bytes
)

// paced makes S3 as slow as it is from a function.
func paced(w http.ResponseWriter, r *http.Request, s3 http.Handler) {
	recorded := httptest.NewRecorder()
	s3.ServeHTTP(recorded, r)
	time.Sleep(firstByte)
	for name, values := range recorded.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(recorded.Code)
	start, sent := time.Now(), 0
	for body := recorded.Body.Bytes(); len(body) > 0; {
		n, err := w.Write(body[:min(len(body), 256<<10)])
		if err != nil {
			return
		}
		body, sent = body[n:], sent+n
		time.Sleep(time.Until(start.Add(time.Duration(sent) * time.Second / perSecond)))
	}
}

// whole is the whole sample, published.
func whole(b *testing.B) *world {
	b.Helper()
	base, err := airtablesim.Load(voctest.WholeFile(b))
	if err != nil {
		b.Fatal(err)
	}
	w := newWorld(b, base)
	w.publish()
	return w
}

// transfer fetches what a cold start fetches, and gives the size of the snapshot.
func (w *world) transfer(b *testing.B) (size int64) {
	b.Helper()
	var key string
	for _, path := range []string{"manifest.json", ""} {
		if path == "" {
			path = key
		}
		response, err := http.Get(w.S3() + "/" + lambdatest.Bucket + "/" + w.sim.Base().ID() + "/" + path)
		if err != nil {
			b.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK {
			b.Fatal(response.Status, err)
		}
		if _, after, ok := strings.Cut(string(body), `"key":"`); ok && key == "" {
			key, _, _ = strings.Cut(after, `"`)
		}
		size = int64(len(body))
	}
	return size
}

// BenchmarkColdStart is exec → first answer of the whole sample, on one CPU, against an empty
// function and the transfer.
func BenchmarkColdStart(b *testing.B) {
	empty := lambdatest.Command("./testdata/empty")
	defer empty.Remove()
	w := whole(b)
	w.Intercept(paced)
	for name, target := range map[string]string{"list": "/api/feedback/", "record": "/api/feedback/" +
		w.sim.Records()[0].ID} {
		b.Run("first="+name, func(b *testing.B) {
			var cold, least time.Duration
			var size int64
			event, err := json.Marshal(gateway("GET", target, "", "Accept-Encoding", "gzip"))
			if err != nil {
				b.Fatal(err)
			}
			list := 0
			for b.Loop() {
				start := time.Now()
				lambdatest.New(b, empty.Path(b), "GOMAXPROCS=1").Invoke([]byte(`{}`), enough)
				size = w.transfer(b)
				least += time.Since(start)
				f := w.function("GOMAXPROCS=1")
				start = time.Now()
				result := f.Invoke(event, enough)
				cold += time.Since(start)
				list = len(read(b, result).is(b, 200).body)
				f.Kill()
			}
			b.ReportMetric(float64(cold)/float64(least), "×(empty+transfer)")
			b.ReportMetric(float64(cold.Milliseconds())/float64(b.N), "cold-ms")
			if name == "list" {
				b.ReportMetric(float64(size)/float64(list), "snapshot/gzip-list")
			}
		})
	}
}

// BenchmarkResident is the memory of the function with the whole sample: when it has started,
// and after requests of every kind.
func BenchmarkResident(b *testing.B) {
	w := whole(b)
	for b.Loop() {
		f := w.function()
		ask(b, f, "GET", "/api/live").is(b, 200)
		idle := f.Resident()
		for range 20 {
			for _, target := range mixture(w) {
				ask(b, f, "GET", target, "Accept-Encoding", "gzip").is(b, 200)
			}
		}
		b.ReportMetric(float64(idle)/(1<<20), "idle-MB")
		b.ReportMetric(float64(f.Resident())/(1<<20), "used-MB")
	}
}

// BenchmarkServerResident is the peak memory of the server under the same mixture, at 8
// connections.
func BenchmarkServerResident(b *testing.B) {
	w := whole(b)
	server := buildtest.Command{Package: "../server"}
	defer server.Remove()
	environ := append(w.serverEnviron(), "AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=key",
		"AWS_SECRET_ACCESS_KEY=secret", "AWS_EC2_METADATA_DISABLED=true")
	for b.Loop() {
		p := servertest.Exec(b, server.Path(b), b.TempDir(), environ)
		p.Printed(`(voc serves)`)
		url, pid := p.URL(), p.PID()
		b.ReportMetric(status(b, pid, "VmRSS:"), "idle-MB")
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 20 {
					for _, target := range mixture(w) {
						fetch(b, "GET", url+target, "Accept-Encoding", "gzip").is(b, 200)
					}
				}
			})
		}
		all.Wait()
		b.ReportMetric(status(b, pid, "VmHWM:"), "peak-MB")
	}
}

func mixture(w *world) []string {
	return []string{
		"/api/feedback/", "/api/feedback/?limit=50", "/api/feedback/?priority=High&environment=CW%202.0",
		"/api/feedback/?team=Triage&limit=200",
		"/api/feedback/" + w.sim.Records()[7].ID, "/api/cache/", "/api/cache/runs",
	}
}

// status is a figure of a process, in MB (Linux).
func status(b *testing.B, pid int, name string) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	var kilobytes float64
	_, after, _ := strings.Cut(string(text), name)
	if _, err := fmt.Sscan(after, &kilobytes); err != nil {
		b.Fatal(err)
	}
	return kilobytes / 1024
}
