// Package airtablesim emulates Airtable's Web API in one [http.Handler], as far as a sync
// depends on it. The server starts it for operators without an account, who can edit
// records with curl and see them arrive, and all code that reads Airtable is tested
// against it. So it is deliberately strict wherever Airtable is: a lenient test double
// proves nothing.
//
// # What it has
//
//   - Listing by GET and by POST …/listRecords with all documented parameters, including
//     offsets; one view, "Grid view", in order of creation. Without view and sort the
//     order is arbitrary: a new record may be anywhere in it.
//   - Records by id; Airtable's POST, PATCH, PUT and DELETE of one to ten records; the
//     table schema, the list of bases, whoami.
//   - filterByFormula (package formula); a formula that it does not support gets
//     Airtable's 422.
//   - The limit of airtable.RequestsPerSecond for all calls to the base; after one more,
//     every request gets 429 for 30 s.
//   - Scripted faults, a hook before each response, methods to edit records and the
//     schema, counters, and an injected clock.
//   - A control path for a shell, to practise failures: see [Server.WithControl].
//
// It is deterministic: the same data, clock and calls produce the same responses and ids.
// The data comes from [Sample] or a file (see [Load]) and is kept in memory; a restart
// discards all edits.
//
// # Where Airtable is not documented
//
// No choice here has been checked against the live API. Each is the one that is harder on
// the caller, so that a client that works here should work there. For the most
// consequential one, [Config].Freeze selects the behaviour, and tests should try both.
//
//   - Freeze: whether a listing keeps the ids of its first page. A page of a frozen
//     listing can be short or empty if records were deleted since.
//   - An iterator lives for 5 minutes after its last use. Its offsets are valid only for
//     the query that started it (view, formula, sort, maxRecords); its pages can be
//     requested again. An expired iterator of this base gets
//     LIST_RECORDS_ITERATOR_NOT_AVAILABLE, and any other invalid offset INVALID_OFFSET_VALUE.
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
// every parameter that Airtable does not document. Missing: more than one base, table or
// view; a user's limit of 50 requests per second; the monthly quota (script
// [BillingLimit]); links, lookups and attachments except as values of a loaded file;
// comments (commentCount is 0); creating tables and fields by call (use the methods);
// webhooks; compression.
//
// testdata/clients checks it with Airtable's own airtable.js and with pyairtable.
package airtablesim
