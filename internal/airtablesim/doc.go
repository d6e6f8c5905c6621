// Package airtablesim emulates Airtable's Web API in one [http.Handler], as far as a sync
// depends on it. The server starts it for operators without an account, who edit records
// with curl and see them arrive, and it is the test double of everything that reads
// Airtable. So it is strict on purpose wherever Airtable is: a lenient double proves
// nothing.
//
// # What it has
//
//   - Listing by GET and by POST …/listRecords with all documented parameters, including
//     offsets; one view, "Grid view", in order of creation. Without view and sort the
//     order is arbitrary: a new record may be anywhere in it.
//   - Records by id; Airtable's POST, PATCH, PUT and DELETE of one to ten records; the
//     table schema, the list of bases, whoami.
//   - filterByFormula (package formula): what it does not know is Airtable's 422.
//   - airtable.RequestsPerSecond for all calls of the base; after one more, every request
//     is 429 for 30 s.
//   - Scripted faults, a hook before each response, methods to edit records and the
//     schema, counters, and an injected clock.
//
// It is deterministic: the same data, clock and calls produce the same responses and ids.
// The data comes from [Sample] or a file (see [Load]) and is kept in memory; a restart
// discards all edits.
//
// # Where Airtable is not documented
//
// No choice here was tried against the live API. Each is the one that is harder on the
// caller, so that a client that works here should work there. For the most consequential
// one both behaviours are available, [Config].Freeze, and tests should try both.
//
//   - Freeze: whether a listing keeps the ids of its first page. A page of a frozen
//     listing can be short or empty if records were deleted since.
//   - An iterator lives for 5 minutes after its last use. Its offsets are valid only for
//     the query that started it (view, formula, sort, maxRecords); its pages can be
//     requested again. An expired iterator of this base is
//     LIST_RECORDS_ITERATOR_NOT_AVAILABLE, any other offset INVALID_OFFSET_VALUE.
//   - A request rejected for the rate restarts the 30 s and returns no Retry-After.
//     Schema calls count like the records' calls.
//   - Edits and creations have times in whole seconds, rounded down, so that an edit can
//     look older than a watermark taken in the same second. A record that was never
//     edited has no modified time, and no cell in such a field.
//   - An edit that changes nothing changes the modified time too.
//   - "fields": [] is rejected, as are indices with gaps in a URL.
//   - A body that is not declared as JSON is 400. The bodies of 400, 405, 413 and 414,
//     and the limit of 2 MiB, are guesses.
//   - A missing record is 404 MODEL_ID_NOT_FOUND by its path, and 422 ROW_DOES_NOT_EXIST
//     in a batch.
//   - Whether a page can be too large (413), and from what size on, is [Config].PageBytes.
//     What formulas make of blank dates, of errors in AND and OR, and of the modified time
//     of a record that was never edited, is [Config].Reading.
//   - Sorting puts blanks first, ignores case, and orders selects by their choices.
//
// # Limits
//
// Rejected, with a message that says so: cellFormat string, typecast, performUpsert, and
// every parameter that Airtable does not document. Missing: more than one base, table and
// view; the limit of 50 requests per second of a user and the monthly quota (script
// [BillingLimit]); links, lookups and attachments except as values of a loaded file;
// comments (commentCount is 0); creating tables and fields by call (use the methods);
// webhooks; compression.
//
// testdata/clients checks it with Airtable's own airtable.js and with pyairtable.
package airtablesim
