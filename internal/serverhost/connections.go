package serverhost

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"voc/internal/bound"
)

// connections bounds the open connections of a server. For one too many, the connection that has
// been idle for longest is closed, or else one that is stalled: whose client has taken nothing for
// longest, or which has waited for longest. Where all others make progress, the new one gets a 503.
type connections struct {
	max int

	mu   sync.Mutex
	idle map[net.Conn]time.Time // that have no request, since when
	busy map[net.Conn]struct{}
	over map[net.Conn]struct{} // too many, which get a 503; at most bound.Line
}

func newConnections(max int) *connections {
	return &connections{
		max: max, idle: map[net.Conn]time.Time{},
		busy: map[net.Conn]struct{}{}, over: map[net.Conn]struct{}{},
	}
}

// changed is the ConnState of an http.Server, which calls it with StateNew before it serves the
// next connection.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.idle, conn)
	delete(c.busy, conn)
	_, isOver := c.over[conn]
	switch state {
	case http.StateNew:
		switch {
		case len(c.idle)+len(c.busy) < c.max || c.makeRoom():
			c.idle[conn] = time.Now()
		case len(c.over) < bound.Line:
			c.over[conn] = struct{}{}
		default:
			_ = conn.Close()
		}
	case http.StateActive:
		if !isOver {
			c.busy[conn] = struct{}{}
		}
	case http.StateIdle:
		c.idle[conn] = time.Now()
	case http.StateHijacked, http.StateClosed:
		delete(c.over, conn)
	}
}

// connKey is the context key of a request's connection.
type connKey struct{}

// limit answers the requests of connections that are too many. It is no problem of the API, which
// does not see them.
func (c *connections) limit(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _ := r.Context().Value(connKey{}).(net.Conn)
		c.mu.Lock()
		_, isOver := c.over[conn]
		c.mu.Unlock()
		if !isOver {
			handler.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Connection", "close")
		w.Header().Set("Retry-After", "2")
		http.Error(w, "too many connections: retry in a moment", http.StatusServiceUnavailable)
	})
}

// makeRoom closes a connection, if there is one that does not need to be open. The caller must hold
// mu.
func (c *connections) makeRoom() bool {
	var longest net.Conn
	since := time.Now()
	for conn, at := range c.idle {
		if longest == nil || at.Before(since) {
			longest, since = conn, at
		}
	}
	if longest == nil {
		longest = c.stalled()
	}
	if longest == nil {
		return false
	}
	delete(c.idle, longest)
	delete(c.busy, longest)
	_ = longest.Close()
	return true
}

// stalled returns the busy connection that has moved nothing for longest, one that writes before
// others: those may wait in a line of the server's. It returns nil if there is none. The caller
// must hold mu.
func (c *connections) stalled() (longest net.Conn) {
	since, writes := time.Now().Add(-bound.StalledAfter), false
	for conn := range c.busy {
		watched, ok := conn.(*watchedConn)
		if !ok {
			continue
		}
		at := time.Unix(0, watched.moved.Load())
		isWriting := watched.writing.Load()
		isBefore := isWriting == writes && at.Before(since)
		if isBefore || isWriting && !writes && time.Since(at) >= bound.StalledAfter {
			longest, since, writes = conn, at, isWriting
		}
	}
	return longest
}

// watchedListener accepts connections that know when they have moved something.
type watchedListener struct{ net.Listener }

func (l watchedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok {
		return &watchedConn{TCPConn: tcp}, err
	}
	return conn, err
}

// watchedConn is a connection that knows when its client last sent or took something.
type watchedConn struct {
	*net.TCPConn
	moved   atomic.Int64 // in nanoseconds since 1970
	writing atomic.Bool
}

func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	c.moved.Store(time.Now().UnixNano())
	return n, err
}

func (c *watchedConn) Write(p []byte) (int, error) {
	c.write(true)
	defer c.write(false)
	return c.TCPConn.Write(p)
}

// ReadFrom lets the kernel copy from a file, as that of a net.TCPConn does.
func (c *watchedConn) ReadFrom(r io.Reader) (int64, error) {
	c.write(true)
	defer c.write(false)
	return c.TCPConn.ReadFrom(r)
}

func (c *watchedConn) write(begins bool) {
	c.moved.Store(time.Now().UnixNano())
	c.writing.Store(begins)
}

// newServer returns a server of at most so many connections.
func newServer(handler http.Handler, max int) *http.Server {
	c := newConnections(max)
	return &http.Server{
		Handler:   c.limit(handler),
		ConnState: c.changed,
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, conn)
		},
		ReadHeaderTimeout:            bound.HeaderTime,
		ReadTimeout:                  bound.ReadTime,
		WriteTimeout:                 bound.AnswerTime,
		IdleTimeout:                  bound.IdleTime,
		MaxHeaderBytes:               bound.HeaderBytes,
		DisableGeneralOptionsHandler: true,
	}
}
