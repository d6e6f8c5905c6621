package airtablesim

import (
	"maps"
	"net"
	"net/http"
	"strconv"
)

const jsonType = "application/json; charset=utf-8"

// deliver sends a response, as far as the fault allows.
func (s *Server) deliver(w http.ResponseWriter, r *http.Request, a answer, fault Fault) {
	if fault.Break == Aborted {
		reset(w)
	}
	h := w.Header()
	h.Set("Content-Type", jsonType)
	maps.Copy(h, a.header)
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	if h.Get("Date") == "" {
		h.Set("Date", s.cfg.Clock().UTC().Format(http.TimeFormat))
	}
	w.WriteHeader(a.status)
	if fault.Break == Whole {
		_, _ = w.Write(a.body) // the client may have disconnected
		return
	}
	_, _ = w.Write(a.body[:len(a.body)/2])
	_ = http.NewResponseController(w).Flush()
	if fault.Break == Hanging {
		<-r.Context().Done()
	}
	panic(http.ErrAbortHandler)
}

// reset ends the connection with a TCP reset if it is a TCP connection.
func reset(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
	panic(http.ErrAbortHandler)
}
