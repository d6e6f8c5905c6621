// Package lambdatest runs a built function as Lambda does, for tests: a small Runtime API, and a process that asks it for events.
//
// It is as strict as Lambda. A process is stopped (SIGSTOP) while no event is under way, so that nothing can go on in the background. One that has not
// answered by its deadline is killed, an answer of more than 6,291,556 bytes is refused, and whoever exits is started anew by the next event. What it does not imitate: several processes of
// one function at once (start two), limits of memory and disk, and the gateway in front.
package lambdatest
