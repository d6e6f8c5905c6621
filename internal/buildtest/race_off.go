//go:build !race

package buildtest

var environment []string
