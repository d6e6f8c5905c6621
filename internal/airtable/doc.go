// Package airtable reads one Airtable base through the Web API: who a token
// belongs to, the schema of a base, and the records of a table, a page at a time.
//
// # What it promises
//
//   - At most 5 requests reach a base in any second, over all calls of the
//     process, and a 429 stops them all for at least 30 seconds (see [Pacer]).
//   - A call that fails for a passing reason is sent again, up to 5 times in all:
//     429, 5xx, no connection, an answer that stalls, is cut short or is not the
//     JSON it should be. What a retry cannot mend (401, 403, 404, 413, 422, the
//     monthly quota, a redirect) fails at once.
//   - A listing whose iterator Airtable has lost starts again, at most 3 times, and
//     says so in [Page.Listing].
//   - A page is all there or is not given out. Cell values are not touched.
//   - Everything ends: a try has 60 seconds, an answer 32 MiB, a cancelled context
//     stops all work, and a wait that would outlast the caller's deadline fails
//     before it starts.
//   - An error says which call failed, what Airtable answered and what an operator
//     does next. The token is in no error and no log line, and it follows no redirect.
//
// # What it leaves to others
//
// A listing is not a snapshot: Airtable does not say whether a record that is edited
// meanwhile is seen twice or missed. Consumers upsert by id, and ask again before they
// believe that a record is gone. What fields mean, which of them matter and what is
// done with a page is not known here.
//
// # Why it is built so
//
// Records are asked for with POST, since long formulas and field lists outgrow a URL.
// Quota, not speed, is scarce on most plans: a page is always 100 records unless told
// otherwise, and nothing is asked twice without need. An iterator dies when a client
// is idle for minutes, so the next page is fetched while the consumer works on this
// one, and an offset is never kept for later.
//
// Figures about Airtable were read from its documentation and from other clients in
// November 2026; none was tried against the live service.
package airtable
