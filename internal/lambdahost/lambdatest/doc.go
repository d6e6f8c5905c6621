// Package lambdatest runs a built function as Lambda does, for tests: it serves a small Runtime
// API and starts a process that polls it for events.
//
// It is as strict as Lambda. A process is stopped (SIGSTOP) while it handles no event, so nothing
// continues in the background. A process that misses its deadline is killed, and a response of
// more than 6,291,556 bytes is rejected. If the process has exited, the next event starts a new
// one. Package lambdatest does not imitate several processes of one function (start two), limits
// of memory and disk, or API Gateway.
package lambdatest
