package access

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the networks of the proxies in front whose X-Forwarded-For is believed. Without
// any, no such header is: a client can write it, too.
type Proxies []netip.Prefix

// ParseProxies parses a comma-separated list of networks; an address is a network of one.
func ParseProxies(value string) (Proxies, error) {
	var proxies Proxies
	for _, item := range items(value) {
		network, err := netip.ParsePrefix(item)
		if ip, notIP := netip.ParseAddr(item); notIP == nil {
			network, err = netip.PrefixFrom(ip.WithZone(""), ip.BitLen()), nil
		}
		if err != nil {
			return nil, errors.New("must be networks such as 10.0.0.0/8 or 2001:db8::/32, " +
				"separated by commas")
		}
		if network.Bits() == 0 {
			return nil, errors.New("a network of all addresses would let every client " +
				"choose its address: name the networks of the proxies")
		}
		if ip := network.Addr(); ip.Is4In6() && network.Bits() >= 96 {
			network = netip.PrefixFrom(ip.Unmap(), network.Bits()-96)
		}
		proxies = append(proxies, network.Masked())
	}
	return proxies, nil
}

// ClientAddress returns the address of the client that sent r: the address that the connection
// comes from or, if that is a proxy of p, the last one in X-Forwarded-For that is not. Behind
// API Gateway it is the address that the gateway reports.
//
// The result is an IPv4 address, or the /64 network of an IPv6 address, because a single customer
// gets at least that and may choose any address in it. An address that cannot be parsed is
// returned as it is.
func (p Proxies) ClientAddress(r *http.Request) string {
	ip, ok := parseIP(r.RemoteAddr)
	if !ok {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			return r.RemoteAddr
		}
		return host
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		before, ok := parseIP(strings.TrimSpace(hop))
		if !p.contain(ip) || !ok {
			break
		}
		ip = before
	}
	if ip.Is6() {
		return netip.PrefixFrom(ip, 64).Masked().String()
	}
	return ip.String()
}

// Trust reports whether the connection of r comes from a proxy of p.
func (p Proxies) Trust(r *http.Request) bool {
	ip, ok := parseIP(r.RemoteAddr)
	return ok && p.contain(ip)
}

func (p Proxies) contain(ip netip.Addr) bool {
	return slices.ContainsFunc(p, func(network netip.Prefix) bool { return network.Contains(ip) })
}

// parseIP reads an address with or without a port; API Gateway and most proxies write none.
func parseIP(text string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		var withPort netip.AddrPort
		withPort, err = netip.ParseAddrPort(text)
		ip = withPort.Addr()
	}
	return ip.Unmap().WithZone(""), err == nil
}
