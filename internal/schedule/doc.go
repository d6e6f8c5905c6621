// Package schedule computes when refreshes are due, from EventBridge Scheduler's cron
// expressions in a time zone.
//
// The same expressions drive EventBridge in an AWS account and the server's own loop on a
// single machine, so they must mean the same in both. [Parse] accepts the documented form
// and rejects everything else by name, because EventBridge validates only at deployment,
// and cfn-lint not at all. [Schedule.Next] and [Schedule.Prev] are exact to the minute,
// even when the clocks change: a time that does not exist in spring is skipped, and a
// time that occurs twice in autumn is due once, the first time (AWS documents "once" but
// not which: https://repost.aws/knowledge-center/eventbridge-scheduler-adjust-dst,
// November 2026).
//
// The package reads no clock, starts nothing and stores nothing: [Schedule.Missed] and
// [Schedule.StaleAt] take the last success and the time from the caller. What counts as a
// success, and what to do about a missed run, is up to the caller.
//
// # Why it is built so
//
// The search runs over wall-clock times, labelled as UTC, where no hour is missing or
// repeated; each time that it finds is then converted to the zone. So the search needs no
// time zones, and the conversion no cron.
//
// The package has its own search because github.com/adhocore/gronx 1.20.4 would cost more
// than it saves. It counts weekdays from 0, returns times in the hour that autumn repeats
// twice, and, asked for the time after the last due time, returns that same time without
// an error, so that a loop over it never ends.
//
// The time zone database is linked into every program that imports this package (450 kB),
// so that a schedule does not depend on the files of a container or a Lambda image. The
// host's own database, if there is one, takes precedence.
package schedule
