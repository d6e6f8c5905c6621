// Package refresh brings what Airtable has into the snapshot that is served. It is the one place where Airtable's records meet the domain.
//
// Engine does one run: it takes the lease, reads the schema, decides what has to be read, stages records a page at a time, decides about what is
// missing, holds the result against what is served, and publishes, or confirms that nothing is new. Runner sees to it that one process does one run at a time, and joins a
// call to a run that does as much anyway, in this process or on another host.
//
// What a run may be trusted with:
//
//   - The watermark is Airtable's own clock, taken before the first page was asked for. An incremental reads from five minutes before it, so that an edit is
//     read twice rather than never. Of two answers for one record the later counts: a run makes one request after the other.
//   - Which records belong is decided here, by the created time that is served. A formula only narrows what travels.
//   - A listing of an API without snapshots proves no deletion: a full and a sweep ask once more, by id, for each record that they missed, before the record goes.
//   - A sweep also finds what no modification time tells: what is gone, what is computed anew, and what a listing passed over. A change of the schema that changes
//     values makes any run a full.
//   - The publish gate refuses what looks like a failure of something else than of people at work.
//   - A run that fails, or dies, changes nothing but its receipt. What is published was made from what is current, by whoever has the lease; manifest checks both.
//
// One hole is known, and closed by the next sweep: if Airtable does not freeze a listing (that is not documented), a record that moves up a page while rows before it go
// is passed over, and stays as it was, or unknown.
//
// It leaves to airtable how to ask, to feedback what a record means, to snapshot the file, to job who may run, and to manifest what is current.
package refresh
