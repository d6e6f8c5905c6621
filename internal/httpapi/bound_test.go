package httpapi_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"voc/internal/blob"
	"voc/internal/blob/blobtest"
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
	for _, encoding := range []string{"identity", "gzip", "br"} {
		s := serving(t)
		s.get("/api/cache/").is(t, 200) // fetches the snapshot
		files, err := filepath.Glob(filepath.Join(s.dir, "*.sqlite"))
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
