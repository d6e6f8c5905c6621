// Package refresh reads Airtable and publishes the result as the next snapshot. It is the
// only package that turns Airtable's records into the domain's feedback.
//
// Engine performs one run. Engine.Run, try and refresh in engine.go show the whole run
// and what a crash leaves at each step: acquire the lease, open the parent, plan, fetch,
// build, gate, and publish or confirm. Each step is a function that takes the results of
// earlier steps and returns its own: parent, plan, staged, built, verdict. steps.receipt
// derives the receipt from them, and only progress reports how far a run has come. Runner
// performs one refresh at a time in a process, and joins a request to a run, of this
// process or of another host, that already does its work.
//
// What a run guarantees:
//
//   - The watermark is Airtable's clock, taken before the first page is requested. An
//     incremental reads from five minutes before it, so that an edit is read twice rather
//     than never. If Airtable returns a record twice, the later response counts, since a
//     run makes its calls one after another.
//   - The served created time decides which records belong to a snapshot. A formula only
//     reduces the number of records that Airtable sends.
//   - A record that a listing lacks may still exist, since Airtable does not promise that a
//     listing is a consistent snapshot. So a full and a sweep request each missing record by
//     its id before they remove it.
//   - A sweep also detects what no modification time reveals: deleted records, changed
//     computed values, and records that an earlier listing missed. A change of the schema
//     that changes values turns any run into a full.
//   - The publish gate rejects a result that looks like a failure rather than like the
//     edits of users.
//   - A run that fails or dies changes nothing but its receipt. A snapshot is published
//     only by the holder of the lease, and only if the snapshot it was made from is still
//     current; manifest checks both.
//
// One gap is known, which the next sweep closes: if a listing is not a snapshot and
// records are deleted while it is read, a record that moves to an earlier page is missed.
// Until then it keeps its old values, or is absent if it is new.
//
// Package airtable makes the calls, feedback maps records, snapshot owns the file format,
// job decides who may run, and manifest what is current. Their errors state facts;
// refresh words them for the receipt, with the settings and commands that an operator
// needs.
package refresh
