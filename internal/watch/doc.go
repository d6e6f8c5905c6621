// Package watch holds what happened against what the calendar promises: it finds what is wrong,
// says so once, and starts what was missed.
//
//   - Calendar knows when runs are due. CatchUp returns the one run that makes up for what was
//     missed, and Promote turns a run that is due into it. The server's scheduler and the
//     functions use the same two.
//   - Find compares a manifest with a calendar and returns Alerts. A Kind is also the name
//     of a heading in the runbook, infra/OPERATE.md: package httpapi refers to it, too. A quiet
//     night is no alert; a missed weekly full is.
//   - Watcher looks every 15 minutes and after each run. Whatever number of runs fail, it sends
//     one message when an alert opens and one when it is over.
//   - Webhook and Heartbeat send. They never fail a run: their errors are logged, without the
//     address, which is a secret.
//
// What the watcher remembers is in an object of its own, watch.json, which it replaces by
// compare-and-swap. It never writes the manifest: that would fence a running refresh. If the
// process dies between a message and the write after it, the message is sent a second time
// rather than not at all. While the store cannot be read, each process remembers for itself.
//
// Several processes may watch one store. One without a webhook leaves the messages to one that has
// a webhook, and only logs if there is none.
//
// The watchdog watches the runs, and the runs watch the watchdog: each receipt has the time of its
// last look.
package watch
