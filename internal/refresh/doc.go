// Package refresh brings what Airtable has into the snapshot that is served. It is the one
// place where Airtable's records meet the domain.
//
// Engine does one run. Engine.Run, try and refresh in engine.go are the whole act, with its
// crash story: acquire the lease, open the parent, plan, fetch, build, gate, and publish or
// confirm. Each step is a function that takes the values of those before it and returns its
// own: parent, plan, staged, built, verdict. The receipt is gathered from them in
// steps.receipt, and a run's progress leaves it through progress alone. Runner does one
// refresh at a time in a process, and joins a request to a run that does its work, of this
// process or of another host.
//
// What a run guarantees:
//
//   - The watermark is Airtable's clock, taken before the first page is requested. An
//     incremental reads from five minutes before it, so that an edit is read twice rather
//     than never. Of two responses for one record the later counts: a run makes one call
//     after the other.
//   - The created time that is served decides which records belong. A formula only narrows
//     what travels.
//   - A listing proves no deletion, since Airtable does not document that it is a
//     snapshot: a full and a sweep request each record that they missed by its id before
//     they remove it.
//   - A sweep also finds what no modification time shows: deleted records, computed values
//     that changed, and records that a listing missed. A change of the schema that changes
//     values makes any run a full.
//   - The publish gate rejects what looks like a failure rather than like people at work.
//   - A run that fails or dies changes nothing but its receipt. What is published was made
//     from what is current, by the holder of the lease; manifest checks both.
//
// One gap is known, and closed by the next sweep: if a listing is not a snapshot, a record
// that moves up a page while rows before it are deleted is missed. It stays as it was, or
// unknown.
//
// It leaves to airtable how to call, to feedback what a record means, to snapshot the file,
// to job who may run, and to manifest what is current. The errors of these packages are
// facts; refresh words them for the receipt, with the settings and commands that an
// operator needs.
package refresh
