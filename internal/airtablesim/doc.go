// Package airtablesim is Airtable's Web API in one [http.Handler], as far as a
// sync can tell. It is what the server starts for somebody without an account,
// who edits records with curl and sees them arrive, and it is the test double of
// everything that reads Airtable. So it is awkward on purpose wherever Airtable
// is: an easy double proves nothing.
//
// # What it has
//
//   - Listing by GET and by POST …/listRecords with all documented parameters,
//     offsets included; one view, "Grid view", in the order of creation. Without
//     view and sort the order tells nothing, and a new record may be anywhere in it.
//   - Records by id; Airtable's own POST, PATCH, PUT and DELETE, of one or up to
//     ten; table schema, list of bases, whoami.
//   - filterByFormula (package formula): what it does not know is Airtable's 422.
//   - 5 requests a second for all calls of the base; one more, and everything is
//     429 for 30 s.
//   - Faults by script, a hook before each answer, edits and changes of the schema
//     by method, counters, and an injected clock.
//
// It is deterministic: the same data, clock and calls give the same answers and
// ids. The data are [Sample]'s or a file's (see [Load]), and are kept in memory; a
// restart forgets all edits.
//
// # Where Airtable is not documented
//
// No choice here was tried against the live API. Each is the one that is harder
// on the caller, so that a client that works here should work there. Two answers
// are possible for the gravest, [Config].Freeze, and tests should try both.
//
//   - Freeze: whether a listing keeps to the ids of its first page. A page of a
//     frozen listing can be short, or empty, where records have gone since.
//   - An iterator lives for 5 minutes after its last use. Its offsets serve only
//     the query that began it (view, formula, sort, maxRecords); pages of it can
//     be asked for again. One that this base issued and that is gone is
//     LIST_RECORDS_ITERATOR_NOT_AVAILABLE, any other INVALID_OFFSET_VALUE.
//   - A request refused for the rate begins the 30 s again, and answers no
//     Retry-After. Schema calls count as the records' do.
//   - Edits and creations are stamped with whole seconds, rounded down, so that an
//     edit can look older than a watermark taken in its second. A record that was
//     never edited has no modified time, and no cell in such a field.
//   - An edit that changes nothing moves the modified time too.
//   - "fields": [] is refused; so are indices in a URL that leave a gap.
//   - A body that is not declared as JSON is 400. The bodies of 400, 405, 413 and
//     414, and the bound of 2 MiB, are guesses.
//   - A record that does not exist is 404 MODEL_ID_NOT_FOUND by its path, and 422
//     ROW_DOES_NOT_EXIST in a batch.
//   - Sorting puts blanks first, ignores case, and has selects in the order of
//     their choices.
//
// # Limits
//
// Refused, with a message that says so: cellFormat string, typecast,
// performUpsert, and every parameter that Airtable does not document. Missing: more
// than one base, table and view; the 50 requests a second of a user and the
// monthly quota (script [BillingLimit]); links, lookups and attachments but as
// values of a loaded file; comments (commentCount is 0); creating tables and fields
// by call (use the methods); webhooks; compression.
//
// testdata/clients checks it with Airtable's own airtable.js and with pyairtable.
package airtablesim
