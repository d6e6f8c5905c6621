package airtable

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// sharedTransport is what all clients without a RoundTripper of their own send with,
// so that they share connections.
var sharedTransport = sync.OnceValue(newTransport)

// newTransport speaks HTTP/1.1 only: few calls are ever under way, so HTTP/2 would gain
// nothing, and its one connection, once dead (a frozen Lambda, a lost NAT entry), would
// be used by every retry, where HTTP/1.1 dials anew.
func newTransport() http.RoundTripper {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  45 * time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConnsPerHost:    8,
		MaxResponseHeaderBytes: 64 << 10,
		Protocols:              &protocols,
	}
}
