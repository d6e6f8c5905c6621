package httpapi_test

import (
	"errors"
	"net"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"voc/internal/feedback"
)

// TestSample tests what only real data can show.
func TestSample(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.publish(some(t), fullRun())
	t.Run("lists are what its records say", s.testListsOfTheSample)
	t.Run("encoded answers decode to the plain bytes", func(t *testing.T) {
		for _, target := range []string{
			"/api/feedback/", "/api/feedback/?limit=30", "/api/feedback/?limit=250",
			"/api/feedback/?team=Triage&priority=low",
		} {
			s.decodes(t, target)
		}
	})
	t.Run("the smallest accepted is used", func(t *testing.T) {
		for _, limit := range []int{1, 2, 5, 10, 15, 20, 25, 30, 35, 40, 50, 100, 200} {
			s.usesTheSmallest(t, "/api/feedback/?limit="+strconv.Itoa(limit))
		}
		for _, row := range s.get("/api/feedback/?limit=50").list(t) {
			s.usesTheSmallest(t, "/api/feedback/"+row.ID)
		}
		s.usesTheSmallest(t, "/api/feedback/")
	})
	t.Run("a client that goes away in the middle is cut off", s.testACutDownload)
	t.Run("a client that hangs up is no worry", s.testHangingUp)
}

func (s *service) testListsOfTheSample(t *testing.T) {
	all := sampleRecords(t)
	for _, query := range []string{
		"", "priority=high", "environment=cw+2.0&team=TRIAGE", "team=Partner+Success&team=nobody",
		"priority=low&priority=medium&priority=high",
	} {
		wanted := must(url.ParseQuery(query))
		want, total := naive(all, func(f feedback.Feedback) bool {
			return is(f.Team, wanted["team"]) && is(f.Priority, wanted["priority"]) &&
				is(f.Environment, wanted["environment"])
		})
		a := s.get("/api/feedback/?" + query)
		if a.is(t, 200); a.body != string(want) {
			t.Errorf("%s: %d bytes, want %d", query, len(a.body), len(want))
		}
		a.has(t, "X-Total-Count", strconv.Itoa(total))
	}
}

func (s *service) testACutDownload(t *testing.T) {
	for _, encoding := range []string{"identity", "gzip", "br"} {
		writes := 0
		w := &hooked{ResponseRecorder: httptest.NewRecorder(), onWrite: func() error {
			if writes++; writes > 1 {
				return errors.New("broken pipe")
			}
			return nil
		}}
		r := httptest.NewRequest("GET", "/api/feedback/?limit=249", nil)
		r.Header.Set("Accept-Encoding", encoding)
		if fault := s.cutOff(w, r); !aborted(fault) || writes != 2 {
			t.Errorf("%s: %v after %d writes", encoding, fault, writes)
		}
	}
	if alerts := s.log.alerts(); alerts != nil {
		t.Errorf("logged %q", alerts)
	}
}

// testHangingUp resets connections while most of a response is unsent, so that writes fail.
func (s *service) testHangingUp(t *testing.T) {
	server := httptest.NewUnstartedServer(s)
	server.Listener = narrow{server.Listener}
	server.Start()
	for _, target := range []string{
		"/api/feedback/", "/api/feedback/?environment=CW%201.0", "/api/feedback/?limit=250",
	} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err == nil {
			_, err = conn.Write([]byte("GET " + target + " HTTP/1.1\r\nHost: voc\r\n\r\n"))
		}
		if err == nil {
			_, err = conn.Read(make([]byte, 1))
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	}
	server.Close() // waits for the handlers
	if alerts := s.log.alerts(); alerts != nil {
		t.Errorf("logged %q", alerts)
	}
	if gone := strings.Count(s.log.String(), "client went away"); gone < 3 {
		t.Errorf("%d of 3 answers were cut", gone)
	}
}

// narrow limits the buffers of connections.
type narrow struct{ net.Listener }

func (n narrow) Accept() (net.Conn, error) {
	conn, err := n.Listener.Accept()
	if err == nil {
		err = conn.(*net.TCPConn).SetWriteBuffer(16 << 10)
	}
	return conn, err
}
