package serverhost

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// listen listens on address, host:port, which the variable holds. An address in use is an
// environmentError.
func listen(variable, address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, environmentError{fmt.Errorf("listen on %s: %w: set %s=%s, or another free address",
			address, syscall.EADDRINUSE, variable, nextPort(address))}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", variable, err)
	}
	return listener, nil
}

// isLoopback reports whether only this machine can connect to a listener.
func isLoopback(listener net.Listener) bool {
	address, ok := listener.Addr().(*net.TCPAddr)
	return ok && address.IP.IsLoopback()
}

// nextPort returns address with the next port; after the last port comes 0, any free one.
func nextPort(address string) string {
	host, port, _ := net.SplitHostPort(address) // net.Listen has parsed it
	number, _ := strconv.ParseUint(port, 10, 16)
	return net.JoinHostPort(host, strconv.Itoa(int(uint16(number)+1)))
}
