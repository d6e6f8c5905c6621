package serverhost

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"voc/internal/bound"
)

// exchange sends a GET over a connection and returns the status; 0 if the connection is closed, -1
// for a 503 without Retry-After.
func exchange(conn net.Conn, path string) int {
	_, _ = conn.Write([]byte("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusServiceUnavailable &&
		response.Header.Get("Retry-After") == "" {
		return -1
	}
	return response.StatusCode
}

// TestConnectionsAreBounded: an idle connection makes room for a new one; where all are busy, the
// new one gets a 503, and is served again once one has ended.
func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	busy, finish := make(chan struct{}), make(chan struct{})
	server := httptest.NewUnstartedServer(nil)
	server.Config = newServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/busy" {
			busy <- struct{}{}
			<-finish
		}
		w.WriteHeader(http.StatusNoContent)
	}), 3)
	changed, idle := server.Config.ConnState, make(chan struct{}, 10)
	server.Config.ConnState = func(conn net.Conn, state http.ConnState) {
		changed(conn, state)
		if state == http.StateIdle {
			idle <- struct{}{}
		}
	}
	server.Start()
	defer server.Close()
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	var all []net.Conn
	for range 3 {
		all = append(all, dial())
		if status := exchange(all[len(all)-1], "/"); status != 204 {
			t.Fatalf("status %d", status)
		}
		<-idle // a client has its response before the server sees an idle connection
	}
	if status := exchange(dial(), "/"); status != 204 {
		t.Errorf("a connection beside idle ones: status %d", status)
	}
	<-idle
	if status := exchange(all[0], "/"); status != 0 {
		t.Errorf("the longest idle connection: status %d", status)
	}
	statuses := make(chan int, 3)
	for range 3 {
		conn := dial()
		go func() { statuses <- exchange(conn, "/busy") }()
		<-busy
	}
	if status := exchange(dial(), "/"); status != 503 {
		t.Errorf("a connection beside busy ones: status %d", status)
	}
	close(finish)
	for range 3 {
		if status := <-statuses; status != 204 {
			t.Errorf("a busy connection: status %d", status)
		}
	}
	for exchange(dial(), "/") != 204 { // until the server has seen one of them end
		time.Sleep(time.Millisecond)
	}
}

// TestStalledConnectionMakesRoom: where all connections are busy, the one whose client takes
// nothing is closed for a new one.
func TestStalledConnectionMakesRoom(t *testing.T) {
	t.Parallel()
	writing := make(chan struct{}, 3)
	server := httptest.NewUnstartedServer(nil)
	server.Config = newServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/large" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		writing <- struct{}{}
		for {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	}), 3)
	server.Listener = watchedListener{server.Listener}
	server.Start()
	defer server.Close()
	for range 3 {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = conn.Write([]byte("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n"))
		<-writing
	}
	for {
		response, err := http.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		switch response.StatusCode {
		case http.StatusNoContent:
			return
		case http.StatusServiceUnavailable: // until they are stalled
			time.Sleep(bound.StalledAfter / 10)
		default:
			t.Fatalf("status %d", response.StatusCode)
		}
	}
}
