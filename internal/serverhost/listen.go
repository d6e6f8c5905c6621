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
		host, port, _ := net.SplitHostPort(address) // net.Listen has parsed it
		number, _ := strconv.ParseUint(port, 10, 16)
		next := uint16(number) + 1 // after the last port comes 0, any free one
		return nil, environmentError{fmt.Errorf("listen on %s: %w: set %s=%s, or another free address",
			address, syscall.EADDRINUSE, variable, net.JoinHostPort(host, strconv.Itoa(int(next))))}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", variable, err)
	}
	return listener, nil
}
