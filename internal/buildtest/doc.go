// Package buildtest builds commands of this repository for the tests that start them.
//
// A command is built when the first test asks for it and then kept until the tests end. A failed
// build fails the tests that need it, and no others. The compiler's flags are those of the go
// test that runs, by way of GOFLAGS and the environment, so that the build cache has nearly all
// packages already and little more than the link is left. Tests that run under the race detector
// build commands without it.
package buildtest
