// Package schedule says when refreshes are due: EventBridge Scheduler's cron expressions in a time zone.
//
// The same expressions drive EventBridge in an account and the server's own loop on a single machine, so they must mean
// the same in both. [Parse] takes the documented form and refuses everything else by name, because EventBridge
// validates only at deployment, and cfn-lint not at all. [Schedule.Next] and [Schedule.Prev] are exact to the minute
// through changes of the clock: a time that does not exist in spring is skipped, one that comes twice in autumn is due
// once, the first time (AWS documents "once", not which: re:Post, eventbridge-scheduler-adjust-dst, November 2026).
//
// The package keeps no clock, starts nothing and remembers nothing: [Schedule.Missed] and [Schedule.StaleAt] are told
// what the caller knows. What counts as a success, and what is done about a missed run, is the caller's.
//
// # Why it is built so
//
// The calendar is walked over readings of a wall clock, labelled as UTC, where no hour is missing or repeated; each
// reading found is then placed in the zone. So the walk knows nothing of zones, and the zones nothing of cron.
//
// The walk is written here because gronx 1.20.4, the library at hand, would need more care than it saves. It counts
// weekdays from 0, finds times in the hour that autumn repeats twice, and, asked for what follows the last due time
// there is, returns that very time without an error, so that a loop over it never ends.
//
// The time zone database is linked into every program that imports this package (450 kB), so that a schedule does not
// depend on what a container or a Lambda image happens to hold. The host's own database, where there is one, comes first.
package schedule
