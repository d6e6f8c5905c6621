package httpapi_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"voc/internal/access"
	"voc/internal/blob"
	"voc/internal/blob/blobtest"
	"voc/internal/bound"
	"voc/internal/httpapi"
	"voc/internal/job"
	"voc/internal/snapshot"
)

// Slow clients hold two older snapshots. A cursor of a third one has to wait; all other
// requests do not.
func TestCursorWhileOlderSnapshotsAreInUse(t *testing.T) {
	t.Parallel()
	s := serving(t)
	var ids, cursors []string
	for i := range 4 {
		a := s.get("/api/feedback/?limit=10")
		ids, cursors = append(ids, a.Header.Get("X-Snapshot")), append(cursors, a.nextPage(t))
		s.publish(others(), nextRun(job.Full, fmt.Sprint("b", i), time.Duration(i+1)*time.Minute))
	}
	s.get("/api/cache/").is(t, 200) // sees the last publication
	var releases []func()
	for _, id := range ids[:2] {
		_, release, err := s.replica.AcquireAt(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		releases = append(releases, release)
	}
	before := len(s.log.alerts())
	a := s.get(cursors[2])
	a.is(t, 503)
	detail := a.problem(t).Detail
	if a.Header.Get("Retry-After") == "" || !strings.Contains(detail, "too many older snapshots") {
		t.Errorf("Retry-After %q, %s", a.Header.Get("Retry-After"), detail)
	}
	if alerts := s.log.alerts()[before:]; len(alerts) != 0 {
		t.Errorf("each such request logs %q", alerts)
	}
	for _, target := range []string{"/api/feedback/", cursors[0], cursors[1]} {
		s.get(target).is(t, 200)
	}
	for _, release := range releases {
		release()
	}
	s.get(cursors[2]).is(t, 200)
}

// diskless is a store whose objects cannot be fetched, for want of room on the disk.
type diskless struct{ *blobtest.Memory }

func (diskless) GetIfChanged(
	context.Context, string, blob.Version,
) (*blob.Object, error) {
	return nil, snapshot.ErrDiskFull
}

func TestFullDiskNamesSettings(t *testing.T) {
	t.Parallel()
	now := &clock{now: noon}
	s := newServiceOver(t, diskless{blobtest.NewMemory(now.Now)}, now)
	warnings := s.status().Warnings
	if len(warnings) != 1 || !strings.Contains(warnings[0], "TMPDIR") ||
		!strings.Contains(warnings[0], "EphemeralStorageMb") {
		t.Errorf("%q", warnings)
	}
}

// The disk has no room for the unpacked list: it is sent all the same.
func TestWholeListNeedsNoDisk(t *testing.T) {
	t.Parallel()
	for _, encoding := range []string{"identity", "gzip"} {
		s := serving(t)
		s.get("/api/cache/").is(t, 200) // fetches the snapshot
		files, err := filepath.Glob(filepath.Join(s.dir, "list-*.sqlite"))
		if err != nil || len(files) != 1 {
			t.Fatalf("%q, %v", files, err)
		}
		if err := os.Mkdir(files[0]+"."+encoding, 0o700); err != nil {
			t.Fatal(err)
		}
		a := s.get("/api/feedback/", "Accept-Encoding", encoding)
		a.is(t, 200)
		a.has(t, "X-Total-Count", "48")
		if length := a.Header.Get("Content-Length"); length != strconv.Itoa(len(a.body)) {
			t.Errorf("%s: Content-Length %q of %d bytes", encoding, length, len(a.body))
		}
	}
}

// Health and status report a disk without room, and only the status names it.
func TestHealthReportsFullDisk(t *testing.T) {
	t.Parallel()
	s := serving(t)
	s.get("/api/health").is(t, 200)
	files, err := filepath.Glob(filepath.Join(s.dir, "list-*.sqlite"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%q, %v", files, err)
	}
	if err := os.Symlink("/dev/full", files[0]+".gzip"); err != nil {
		t.Fatal(err)
	}
	s.get("/api/feedback/", "Accept-Encoding", "gzip").is(t, 200)
	a := s.get("/api/health")
	if a.StatusCode != 503 || !strings.Contains(a.body, "the disk for temporary files is full") ||
		strings.Contains(a.body, s.dir) {
		t.Errorf("health: %s", a.body)
	}
	warnings := strings.Join(s.status().Warnings, "\n")
	if !strings.Contains(warnings, "TMPDIR") || !strings.Contains(warnings, s.dir) {
		t.Errorf("warnings: %s", warnings)
	}
}

// All lanes of searches are taken: a search is sent away in a moment, and others do not wait.
func TestSearchLanes(t *testing.T) {
	t.Parallel()
	s := serving(t)
	s.EnterSearchLanes()
	for _, target := range []string{
		"/api/feedback/?q=slow", "/api/feedback/?q=slow&sort=relevance&limit=1",
		"/api/feedback.csv?q=slow", "/api/feedback/facets?q=slow",
		"/api/feedback/facets?team=a" + strings.Repeat("&team=b", 32),
		"/api/reports/response-times?environment=a" + strings.Repeat("&environment=b", 32),
	} {
		a := s.get(target)
		a.is(t, 503)
		a.has(t, "Retry-After", "2")
		if p := a.problem(t); p.Type != "/api/docs#busy" {
			t.Errorf("%s: %s", target, a.body)
		}
		for _, other := range []string{
			"/api/feedback/", "/api/feedback/?limit=20", "/api/feedback/?team=beta&sort=status",
			"/api/feedback.csv", "/api/feedback/facets", "/api/feedback/facets?team=beta",
			"/api/feedback/rec00000000000001", "/api/reports/response-times", "/api/cache/",
			"/api/health",
		} {
			s.get(other).is(t, 200)
		}
	}
	s.LeaveSearchLanes()
	s.get("/api/feedback/?q=slow").is(t, 200)
}

// While passwords are hashed, one after the other, all other requests are answered.
func TestSignInLanes(t *testing.T) {
	t.Parallel()
	s := serving(t, func(c *httpapi.Config) {
		hash := must(bcrypt.GenerateFromPassword([]byte("open sesame"), 12))
		c.Access.Users = []access.User{{
			Email: "ann@example.com", Name: "Ann", Role: "admin",
			PasswordHash: access.NewSecret(string(hash)),
		}}
	})
	var line sync.WaitGroup
	var left atomic.Int32
	for i := range 12 * bound.PasswordLanes() {
		left.Add(1)
		line.Go(func() {
			defer left.Add(-1)
			a := s.signInFrom(fmt.Sprintf("192.0.2.%d:1", i), fmt.Sprint(i, "@example.com"), "guess")
			if a.StatusCode != 401 && (a.StatusCode != 503 || a.Header.Get("Retry-After") != "2") {
				t.Errorf("status %d", a.StatusCode)
			}
		})
	}
	for _, target := range []string{
		"/api/feedback/?limit=20", "/api/feedback/?q=slow", "/api/feedback.csv", "/api/health",
	} {
		s.get(target).is(t, 200)
	}
	if left.Load() == 0 {
		t.Error("the requests were answered after all sign-ins")
	}
	line.Wait()
}

// A search that takes too long is cancelled and leaves its lane.
func TestSlowSearchIsCancelled(t *testing.T) {
	t.Parallel()
	s := serving(t)
	err := s.Search(t.Context(), func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	if p := httpapi.ProblemOf(err); p != "503 /api/docs#search-too-slow" {
		t.Errorf("%v: %s", err, p)
	}
	s.get("/api/feedback/?q=slow").is(t, 200)
}

// Clients that take nothing hold all streams. They are cut for one that takes what it gets.
func TestStalledStreamsAreCut(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.publish(some(t), fullRun())
	server := httptest.NewUnstartedServer(s)
	server.Listener = narrow{server.Listener}
	server.Start()
	defer server.Close()
	var stalled []net.Conn
	for i := range 2 * bound.Streams {
		conn, err := (&net.Dialer{Control: narrowReceive}).Dial("tcp", server.Listener.Addr().String())
		if err == nil {
			_, err = fmt.Fprintf(conn, "GET /api/feedback.csv?sort=status&_=%d HTTP/1.1\r\n"+
				"Host: voc\r\n\r\n", i)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		stalled = append(stalled, conn)
	}
	for _, conn := range stalled[:bound.Streams] { // all streams have begun
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	for _, target := range []string{
		"/api/feedback/?limit=100", "/api/feedback/", "/api/feedback/facets",
		"/api/feedback/?q=the&limit=100",
	} { // which are none of them
		s.get(target).is(t, 200)
	}
	// Those that wait for a stream take nothing either, so this client may have to try again.
	status, rows := 0, []byte(nil)
	for tries := 0; status != 200 && tries < 20; tries++ {
		response, err := http.Get(server.URL + "/api/feedback.csv?sort=status")
		if err != nil {
			t.Fatal(err)
		}
		status = response.StatusCode
		rows, err = io.ReadAll(response.Body)
		_ = response.Body.Close() // it was only read
		if err != nil || status == 503 && response.Header.Get("Retry-After") == "" {
			t.Fatalf("status %d, %v without Retry-After: %s", status, err, rows)
		}
	}
	if status != 200 || len(rows) < 100_000 {
		t.Errorf("status %d, %d bytes", status, len(rows))
	}
	if !strings.Contains(s.log.String(), "client went away") {
		t.Error("no stream was cut")
	}
}

// narrowReceive limits the receive buffer of a connection before it opens.
func narrowReceive(_, _ string, raw syscall.RawConn) error {
	return raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4<<10)
	})
}
