//go:build race

package buildtest

// environment is what the compiler gets beside the environment of the tests. The race detector
// needs cgo, a command does not: with cgo, SQLite would be compiled for the command once more.
var environment = []string{"CGO_ENABLED=0"}
