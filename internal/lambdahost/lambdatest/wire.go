package lambdatest

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// Wire forwards connections to a server. It can make them dead without either end noticing, as
// those of a process that was frozen for a long time.
type Wire struct {
	listener net.Listener
	to       string

	mu   sync.Mutex
	dead []chan struct{} // of each open connection; closed when it is dead
}

// NewWire returns a Wire to the server at url. It ends with the test.
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

// URL returns the URL of the Wire's near end.
func (w *Wire) URL() string { return "http://" + w.listener.Addr().String() }

// DropOpenConnections discards what is sent over the open connections from now on. New ones work.
func (w *Wire) DropOpenConnections() {
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
		go forward(far, near, dead)
		go forward(near, far, dead)
	}
}

// forward copies from one end to the other, and discards the data once the connection is dead.
func forward(to, from net.Conn, dead <-chan struct{}) {
	_, _ = io.Copy(droppable{to, dead}, from)
	select {
	case <-dead:
	default:
		_ = to.Close()
	}
}

type droppable struct {
	net.Conn
	dead <-chan struct{}
}

func (m droppable) Write(p []byte) (int, error) {
	select {
	case <-m.dead:
		return len(p), nil
	default:
		return m.Conn.Write(p)
	}
}

// ReadFrom hides the ReadFrom of a TCP connection, which would bypass Write.
func (m droppable) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{m}, r)
}
