// Package job has the values and rules of refresh runs: requests, the lease, and
// receipts. It accesses neither a store nor the network; package manifest writes its
// State.
//
//   - Request is what HTTP, the CLI, the scheduler and Lambda events ask for. Ticket is
//     the response to it, and Run is the receipt that every run leaves.
//   - Request.JoinedBy is the one rule that decides whether a running refresh does the
//     work of a request.
//   - Lease is the right to run, held by one run at a time across all hosts. Only the
//     store's clock determines its age. Holder identifies the process, so that another
//     process on the same machine can see that it has ended.
//   - State is the part of the manifest about runs. Its transitions (Acquire, Renew,
//     Finish, Record, Reap, FenceOff) take the store's time and report a conflict as an
//     error: ErrFenced, ErrHeld, ErrDone or *BusyError. They change nothing when they
//     return an error.
//   - Quota has Airtable's limits, which the caller supplies. The count of calls is never
//     too low: a run that was killed is charged with the most calls that it can have
//     made.
//
// Package manifest imports this package, not the other way round, because the manifest's
// JSON contains receipts, lease, hold and counts. So the rules can be tested without a
// store, and only one package writes.
package job
