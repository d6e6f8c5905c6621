// Package buildtest builds commands of this repository for the tests that start them.
//
// A command is built when the first test needs it and removed when the tests end. A failed
// build fails the tests that need it, and no others. The compiler's flags are those of the
// running go test, from GOFLAGS and the environment, so nearly all packages are in the
// build cache and little more than linking remains. Tests under the race detector build
// commands without it.
package buildtest
