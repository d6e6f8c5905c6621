package config

import (
	"cmp"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// proxySchemes are those of net/http's Transport.
var proxySchemes = []string{"http", "https", "socks5", "socks5h"}

// checkProxies rejects a proxy variable that net/http would silently ignore, so that calls would
// bypass the proxy. Of the two spellings net/http reads the first that is set. No error repeats a
// value, which may hold a password.
func (l *loader) checkProxies(all map[string]string) {
	for _, name := range []string{"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"} {
		if all[name] == "" {
			name = strings.ToLower(name)
		}
		value := all[name]
		if value == "" {
			continue
		}
		err := checkProxy(value)
		if strings.EqualFold(name, "NO_PROXY") {
			err = checkNoProxy(value)
		}
		if err != nil {
			l.problems.add(name, err)
		}
	}
}

// checkProxy parses a proxy as net/http does: a value without a scheme is host:port. Of a value
// with a scheme that cannot be parsed, net/http takes the scheme for the host.
func checkProxy(value string) error {
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	port := "0"
	if err == nil {
		port = cmp.Or(u.Port(), port)
	}
	_, portErr := strconv.ParseUint(port, 10, 16)
	if err != nil || u.Hostname() == "" || portErr != nil ||
		!slices.Contains(proxySchemes, u.Scheme) || strings.ContainsAny(u.Hostname(), `"'`) {
		return errors.New("cannot be parsed as the address of a proxy: write " +
			"http://user:password@host:port without quotes and blanks, and in user and password " +
			"write %25 for %, %40 for @, %3A for :, %2F for /, %23 for # and %3F for ?")
	}
	return nil
}

func checkNoProxy(value string) error {
	for item := range strings.SplitSeq(value, ",") {
		item = strings.TrimSpace(item)
		_, port, err := net.SplitHostPort(item)
		if err == nil {
			_, err = strconv.ParseUint(port, 10, 16)
		} else if !strings.HasPrefix(item, "[") || strings.HasSuffix(item, "]") {
			err = nil // it has no port
		}
		if strings.Contains(item, "/") {
			_, err = netip.ParsePrefix(item)
		}
		if err != nil || strings.ContainsAny(item, " \t\r\n;\"'@") {
			return errors.New("cannot be parsed: write hosts, host:port, .domains, addresses or " +
				"networks such as 10.0.0.0/8, with commas between them and without quotes")
		}
	}
	return nil
}
