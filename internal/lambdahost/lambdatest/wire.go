package lambdatest

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// Wire leads to a server over connections that can be made dead without either end noticing, as those of a process that was frozen for long.
type Wire struct {
	listener net.Listener
	to       string

	mu   sync.Mutex
	dead []chan struct{} // of each connection; closed once it is
}

// NewWire leads to the server of a URL.
func NewWire(t testing.TB, url string) *Wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &Wire{listener: listener, to: strings.TrimPrefix(url, "http://")}
	t.Cleanup(func() { _ = listener.Close() })
	go w.accept()
	return w
}

// URL is where the wire begins.
func (w *Wire) URL() string { return "http://" + w.listener.Addr().String() }

// Deaden lets nothing more through on the connections that are open. New ones work.
func (w *Wire) Deaden() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, dead := range w.dead {
		close(dead)
	}
	w.dead = nil
}

func (w *Wire) accept() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", w.to)
		if err != nil {
			_ = near.Close()
			continue
		}
		dead := make(chan struct{})
		w.mu.Lock()
		w.dead = append(w.dead, dead)
		w.mu.Unlock()
		go pass(far, near, dead)
		go pass(near, far, dead)
	}
}

// pass carries what comes from one end to the other, until the connection is dead: from then on it swallows it.
func pass(to, from net.Conn, dead <-chan struct{}) {
	_, _ = io.Copy(mortal{to, dead}, from)
	select {
	case <-dead:
	default:
		_ = to.Close()
	}
}

type mortal struct {
	net.Conn
	dead <-chan struct{}
}

func (m mortal) Write(p []byte) (int, error) {
	select {
	case <-m.dead:
		return len(p), nil
	default:
		return m.Conn.Write(p)
	}
}

// ReadFrom hides that of a TCP connection, which would go around Write.
func (m mortal) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{m}, r)
}
