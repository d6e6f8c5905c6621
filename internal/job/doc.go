// Package job holds the values and rules of refresh runs: what is asked for, who may run,
// and what came of it. It performs no store or network access; package manifest writes
// its State.
//
//   - Request is what HTTP, the CLI, the scheduler and a Lambda event hand over. Ticket
//     is the answer to it, and Run is the receipt that every run leaves.
//   - Request.JoinedBy is the one rule that decides whether a running refresh does the
//     work of a request.
//   - Lease is the right to run, held by one run at a time over all hosts. Its age is
//     measured by the store's clock alone. Holder identifies the process, so that another
//     process on the same machine can see that it is gone.
//   - State is the part of the manifest about runs. Its transitions (Acquire, Renew,
//     Finish, Record, Reap, FenceOff) take the store's time and report a conflict as an
//     error: ErrFenced, ErrHeld, ErrDone or *BusyError. They change nothing when they
//     return an error.
//   - Quota carries Airtable's limits, which the caller supplies. The count of calls
//     never falls below what was made: a run that was killed is charged with the most
//     that it can have called.
//
// State is below the manifest rather than above it because the manifest's JSON contains
// receipts, lease, hold and counts: so the rules are tested without a store, and one
// package writes.
package job
