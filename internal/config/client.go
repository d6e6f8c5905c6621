package config

import (
	"net"
	"slices"

	"voc/internal/access"
)

// Client is what a program needs to ask a running server.
type Client struct {
	URL   string        // of the server that this environment configures, on this machine
	Token access.Secret // that may read; empty if the environment has none
}

// LoadClient reads where the server of this environment listens, and a token. It ignores the other
// variables: the server may be another one, and its environment elsewhere.
func LoadClient(environ []string) (Client, error) {
	l := parse(Server, environ)
	used := []string{"ADDR", "PORT", "READ_TOKENS", "ADMIN_TOKENS"}
	l.problems = slices.DeleteFunc(l.problems, func(q problem) bool {
		return !slices.Contains(used, q.variable)
	})
	if err := l.problems.err(); err != nil {
		return Client{}, err
	}
	host, port, _ := net.SplitHostPort(l.addr) // parsed before
	if host == "" || host == "0.0.0.0" || host == "::" {
		host = "127.0.0.1" // the server listens on every address
	}
	c := Client{URL: "http://" + net.JoinHostPort(host, port)}
	if tokens := slices.Concat(l.readTokens, l.adminTokens); len(tokens) > 0 {
		c.Token = tokens[0]
	}
	return c, nil
}
