// Package airtable reads one Airtable base through the Web API: the owner of a token, the
// schema of a base, and the records of a table, page by page.
//
// # What it promises
//
//   - At most [RequestsPerSecond] requests reach a base in any second, over all calls of
//     the process, and a 429 holds back all of them for at least 30 seconds (see
//     [Pacer]).
//   - A call that fails for a temporary reason is retried, up to 5 tries in all: 408,
//     429, 5xx, no connection, a response that stalls, is cut short or is not the
//     expected JSON. Failures that no retry can repair (401, 403, 404, 413, 422, the
//     monthly quota, a redirect) are returned at once.
//   - A listing whose iterator Airtable has lost restarts, at most 3 times, and
//     [Page.Listing] counts that.
//   - A long listing that allows it ([Query.AtOnce]) uses up the rate at any latency: it
//     is divided into up to four at once, over parts of the record id of which the last is
//     the negation of the others, so that no record is between two parts.
//   - A page that is too large (413, or more than 8 MiB) is requested again with fewer
//     records. Only a record that is too large by itself ends the listing.
//   - A page is complete or is not returned, except for records without a valid id
//     ([IsRecordID]), which are left out with a warning. Cell values are not changed.
//   - A date of Airtable more than 24 hours ahead of [Config.Now] is not trusted.
//   - Everything ends: a try is limited to 60 seconds, a page to 8 MiB and any other
//     response to 32 MiB, a listing or a part of one to 20 consecutive pages without a
//     new record, and to pages for 1,000,000 records in all. A cancelled context stops all
//     work, and a wait beyond the caller's deadline fails before it starts.
//   - An error names the call, Airtable's response and the kind of fault (see
//     [Error.Fault]). No error and no log line contains the token, and the token follows
//     no redirect.
//
// # What it leaves to others
//
// A listing is not a snapshot: Airtable does not document whether a record that is edited
// during the listing appears twice or not at all. Consumers upsert by id, and ask again
// before they treat a record as deleted. The package does not know what fields mean,
// which of them matter, or which of the program's settings may cause a fault.
//
// # Why it is built so
//
// Records are listed with POST, because long formulas and field lists outgrow a URL. On
// most plans the quota is the tighter limit, not the rate: pages have [PageSize] records
// unless the caller asks for fewer, and nothing is fetched twice without need. An
// iterator expires when the client is idle for minutes, so the next page is fetched while
// the consumer works on the current one, and an offset is never stored.
//
// Figures about Airtable come from its documentation
// (https://airtable.com/developers/web/api) and from other clients, read in November
// 2026. None has been checked against the live service.
package airtable
