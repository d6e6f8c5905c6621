package airtable

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// sharedTransport returns the transport of all clients without a RoundTripper of their
// own, so that they share connections. It speaks HTTP/1.1 only: few calls are ever in
// progress, so HTTP/2 would gain nothing, and every retry would reuse its one connection
// even when that is dead (a frozen Lambda, a lost NAT entry); HTTP/1.1 dials again.
var sharedTransport = sync.OnceValue(func() http.RoundTripper {
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
})
