package serverhost

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"voc/internal/access"
)

// withMetrics serves metrics at /metrics and everything else by api. Metrics are for a client of
// this machine that came through no proxy, and for admins: they show what is read and how often.
// A proxy may add no header, so a peer in TRUSTED_PROXIES is one whatever its request looks like.
func withMetrics(api, metrics http.Handler, policy access.Policy) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.TrimSuffix(r.URL.Path, "/") != "/metrics":
			api.ServeHTTP(w, r)
		case isLocal(r) && !policy.Proxies.Trust(r) || policy.CheckAdmin(r) == nil:
			metrics.ServeHTTP(w, r)
		default:
			w.Header().Set("WWW-Authenticate", `Bearer realm="voc"`)
			http.Error(w, "metrics are for this machine, or need one of ADMIN_TOKENS as a Bearer",
				http.StatusUnauthorized)
		}
	})
}

// isLocal reports whether a request comes from this machine, addresses it by a local name, and
// came through no proxy. A page of another site may let its own name resolve to this machine.
func isLocal(r *http.Request) bool {
	for _, header := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip",
		"Forwarded", "Via"} {
		if r.Header.Get(header) != "" {
			return false
		}
	}
	client, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !client.Addr().Unmap().IsLoopback() {
		return false
	}
	name := r.Host
	if withoutPort, _, err := net.SplitHostPort(name); err == nil {
		name = withoutPort
	}
	ip, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return strings.EqualFold(name, "localhost") || err == nil && ip.Unmap().IsLoopback()
}
