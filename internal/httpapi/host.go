package httpapi

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// checkHost returns errWrongHost for a request to a name that is not local if the host listens on
// loopback. A page of another site that lets its own name resolve to 127.0.0.1 sends such a name.
func (p Platform) checkHost(r *http.Request) error {
	if !p.Loopback || r.Host == "" || isLocal(r.Host) {
		return nil
	}
	return errWrongHost
}

// isLocal reports whether a Host header, with or without a port, names this machine.
func isLocal(host string) bool {
	name := host
	if withoutPort, _, err := net.SplitHostPort(host); err == nil {
		name = withoutPort
	}
	name = strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
	if name == "localhost" || strings.HasSuffix(name, ".localhost") { // RFC 6761 §6.3
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.Unmap().IsLoopback()
}
