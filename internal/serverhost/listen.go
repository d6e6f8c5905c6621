package serverhost

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// listen opens an address, host:port, that a variable names. An address that another program has
// is a mistake in the environment.
func listen(variable, address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, environmentError{fmt.Errorf(
			"listen on %s: %w: set %s=%s, or to another address that is free",
			address, syscall.EADDRINUSE, variable, nextPort(address))}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", variable, err)
	}
	return listener, nil
}

// nextPort is address with the port after its own, or with any free one after the last.
func nextPort(address string) string {
	host, port, _ := net.SplitHostPort(address) // it was listened on
	number, _ := strconv.ParseUint(port, 10, 16)
	return net.JoinHostPort(host, strconv.Itoa(int(uint16(number)+1)))
}
