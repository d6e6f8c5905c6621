// Package lambdatest runs a built function as Lambda does, for tests: it has a small Runtime API,
// and a process that polls it for events.
//
// It is as strict as Lambda. A process is stopped (SIGSTOP) while it handles no event, so that
// nothing continues in the background. A process that misses its deadline is killed, a response of
// more than 6,291,556 bytes is rejected, and the next event starts a process that has exited
// again. It does not imitate several processes of one function (start two), limits of memory and
// disk, or the gateway in front.
package lambdatest
