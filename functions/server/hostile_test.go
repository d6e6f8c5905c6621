package main_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"voc/internal/airtablesim"
	"voc/internal/serverhost/servertest"
	"voc/internal/voctest"
)

// attack is what hostile clients do. The i-th of them sends request(i, n) as its n-th.
type attack struct {
	name    string
	clients int
	request func(i, n int) hostileRequest
	stalls  bool // they read nothing
}

// hostileRequest is a GET, or a sign-in if it has a body.
type hostileRequest struct{ target, body, encoding, client string }

// prefixes returns k different terms that have many matches each.
func prefixes(k, n int) string {
	const letters = "etaoinshrdlcumwfgypbvk"
	var terms []string
	for j := range k {
		terms = append(terms, letters[(n+j)%len(letters):][:1]+"*")
	}
	return url.QueryEscape(strings.Join(terms, " "))
}

var attacks = []attack{
	{name: "none"},
	{name: "L1-equal-terms", clients: 4, request: func(_, n int) hostileRequest {
		q := url.QueryEscape(strings.Repeat("a* ", 64))
		target := fmt.Sprint("/api/feedback/?sort=relevance&limit=", 1+n%1000, "&q=", q)
		return hostileRequest{target: target}
	}},
	{name: "L1-prefixes", clients: 8, request: func(i, n int) hostileRequest {
		target := fmt.Sprint("/api/feedback/?sort=relevance&limit=", 1+i, "&q=", prefixes(8, n))
		return hostileRequest{target: target}
	}},
	{name: "L1-facets", clients: 8, request: func(i, n int) hostileRequest {
		return hostileRequest{target: "/api/feedback/facets?q=" + prefixes(8, i+n)}
	}},
	{name: "L1-csv", clients: 12, request: func(i, n int) hostileRequest {
		target := fmt.Sprint("/api/feedback.csv?sort=status&q=", prefixes(1+n%3, i+n))
		return hostileRequest{target: target, encoding: "br"}
	}},
	{name: "csv", clients: 16, request: func(i, n int) hostileRequest {
		target := "/api/feedback.csv?sort=" + []string{"status", "-status", "priority", "created"}[n%4]
		return hostileRequest{target: target, encoding: []string{"br", "gzip", "identity"}[i%3]}
	}},
	{name: "L3-sign-ins", clients: 100, request: func(i, n int) hostileRequest {
		body := fmt.Sprintf(`{"email": "u%d@example.com", "password": "guess"}`, n)
		client := fmt.Sprint("203.0.113.", i%20)
		return hostileRequest{target: "/api/users/auth", body: body, client: client}
	}},
	{name: "L4-endless-values", clients: 4, request: func(i, n int) hostileRequest {
		filler := strings.Repeat("!", 3000*(n%3)/2)
		target := fmt.Sprint("/api/feedback/?limit=1&team=Triage&team=", i, n, filler)
		return hostileRequest{target: target}
	}},
	{name: "L6-csv", clients: 100, stalls: true, request: func(i, _ int) hostileRequest {
		return hostileRequest{target: fmt.Sprint("/api/feedback.csv?sort=status&_=", i), encoding: "br"}
	}},
	{name: "L6-order", clients: 100, stalls: true, request: func(i, _ int) hostileRequest {
		return hostileRequest{target: fmt.Sprint("/api/feedback/?sort=-status&_=", i), encoding: "br"}
	}},
	{name: "whole-list", clients: 300, stalls: true, request: func(int, int) hostileRequest {
		return hostileRequest{target: "/api/feedback/", encoding: "gzip"}
	}},
}

// probes are requests of other clients.
var probes = []string{
	"/api/feedback/?limit=20", "/api/feedback/?team=Triage&limit=20",
	"/api/feedback/?limit=20&sort=status", "/api/feedback/facets",
	"/api/feedback/facets?team=Triage", "/api/reports/environments",
	"/api/reports/response-times", "/api/cache/", "/api/health",
}

// BenchmarkHostile attacks the built server, with the whole sample, and measures what other clients
// notice: the milliseconds of their requests, at the median, at the 99th percentile and at most,
// the milliseconds of the whole list, and the peak of the server's memory.
func BenchmarkHostile(b *testing.B) {
	data, err := airtablesim.Load(voctest.WholeFile(b))
	if err != nil {
		b.Fatal(err)
	}
	airtable := httptest.NewServer(airtablesim.New(data, airtablesim.Config{Rate: -1}))
	defer airtable.Close()
	hash, err := bcrypt.GenerateFromPassword([]byte("open sesame"), 12)
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	env := []string{
		"TMPDIR=" + b.TempDir(), "ADDR=127.0.0.1:0", "AIRTABLE_API_URL=" + airtable.URL,
		"AIRTABLE_BASE_ID=" + data.ID(), "AIRTABLE_API_KEY=" + airtablesim.DemoToken,
		"FEEDBACK_YEARS=all", "SCHEDULE=off", "TRUSTED_PROXIES=127.0.0.0/8",
		`DASHBOARD_USERS={"ann@example.com": {"name": "Ann", "role": "admin", "password_hash": "` +
			string(hash) + `"}}`,
	}
	if code, _, stderr := run(b, dir, env, "refresh", "full"); code != 0 {
		b.Fatal(stderr)
	}
	for _, a := range attacks {
		b.Run(a.name, func(b *testing.B) {
			p := servertest.Exec(b, server.Path(b), dir, env)
			b.Cleanup(p.Kill)
			p.Printed("(voc serves)")
			a.measure(b, p)
		})
	}
}

// measure sends probes while the attack runs.
func (a attack) measure(b *testing.B, p *servertest.Server) {
	ctx, end := context.WithCancel(b.Context())
	var clients sync.WaitGroup
	for i := range a.clients {
		clients.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				a.send(ctx, p.URL(), a.request(i, n))
			}
		})
	}
	time.Sleep(time.Second) // until all of them have begun
	var times []time.Duration
	for n := 0; b.Loop(); n++ {
		target := probes[n%len(probes)]
		if strings.Contains(target, "limit=20") { // one that is not cached
			target = strings.Replace(target, "=20", fmt.Sprint("=", 15+n%10), 1)
		}
		start := time.Now()
		servertest.Get(b, p.URL()+target)
		times = append(times, time.Since(start))
		time.Sleep(10 * time.Millisecond)
	}
	start := time.Now()
	servertest.Get(b, p.URL()+"/api/feedback/")
	whole := time.Since(start)
	end()
	clients.Wait()
	slices.Sort(times)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ms(times[len(times)/2]), "ms-p50")
	b.ReportMetric(ms(times[len(times)*99/100]), "ms-p99")
	b.ReportMetric(ms(times[len(times)-1]), "ms-max")
	b.ReportMetric(ms(whole), "ms-whole-list")
	b.ReportMetric(peakMemory(b, p.PID()), "MB-peak")
}

// send sends one hostile request and waits for its end. A client that stalls reads nothing until
// the server cuts it or ctx ends.
func (a attack) send(ctx context.Context, base string, h hostileRequest) {
	dialer := net.Dialer{}
	if a.stalls {
		dialer.Control = smallWindow
	}
	conn, err := dialer.DialContext(ctx, "tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		return
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	method := http.MethodGet
	if h.body != "" {
		method = http.MethodPost
	}
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"+
		"Accept-Encoding: %s\r\nX-Forwarded-For: %s\r\nContent-Length: %d\r\n\r\n%s",
		method, h.target, h.encoding, h.client, len(h.body), h.body)
	if a.stalls {
		_, _ = conn.Read(make([]byte, 1))
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Second): // begin again: the server may have cut it
		}
		return
	}
	_, _ = io.Copy(io.Discard, conn)
}

// smallWindow makes the client's kernel take little in its place.
func smallWindow(_, _ string, raw syscall.RawConn) error {
	return raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 16<<10)
	})
}

// peakMemory returns the most memory that a process has had, in megabytes.
func peakMemory(b *testing.B, pid int) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, after, ok := strings.Cut(string(status), "VmHWM:")
	kilobytes := 0.0
	if _, scanErr := fmt.Sscan(after, &kilobytes); err != nil || !ok || scanErr != nil {
		b.Fatal("the memory of the process cannot be read")
	}
	return kilobytes / 1000
}
