package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
)

// Listener has what net/http refuses by itself, before any handler sees it, be answered as a problem too: a request that can not be read, and
// one with too long a head. It writes these in plain text, straight to the connection, and leaves no other way in than there.
func Listener(l net.Listener) net.Listener { return listener{l} }

type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok {
		return connection{tcp}, err
	}
	return conn, err
}

// connection keeps all that a TCP connection can do, so that the kernel still copies files to it.
type connection struct{ *net.TCPConn }

func (c connection) Write(p []byte) (int, error) {
	status, reason, ok := plainRefusal(p)
	if !ok {
		return c.TCPConn.Write(p)
	}
	if _, err := c.TCPConn.Write(refusal(status, reason)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// plainRefusal reads what net/http writes (Go 1.26, conn.serve). No answer of the API has these headers alone.
func plainRefusal(p []byte) (status int, reason string, ok bool) {
	line, rest, _ := bytes.Cut(p, []byte("\r\n"))
	reasonText, plain := bytes.CutPrefix(rest, []byte("Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"))
	code, of := bytes.CutPrefix(line, []byte("HTTP/1.1 "))
	if !plain || !of || len(code) < 3 {
		return 0, "", false
	}
	status, err := strconv.Atoi(string(code[:3]))
	return status, string(reasonText), err == nil
}

func refusal(status int, reason string) []byte {
	p := newProblem(status, "malformed-request", "this is no request that can be answered: "+reason)
	if status == http.StatusRequestHeaderFieldsTooLarge {
		p = newProblem(status, "head-too-large", "the request's path, query and headers are too long: ask for less at once")
	}
	body, _ := json.Marshal(p) // texts and a number
	return fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: application/problem+json\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"+
		"Content-Length: %d\r\nConnection: close\r\n\r\n%s\n", status, http.StatusText(status), len(body)+1, body)
}
