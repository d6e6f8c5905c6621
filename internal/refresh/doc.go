// Package refresh brings what Airtable has into the snapshot that is served. It is the one place where Airtable's records meet the domain.
//
// Engine does one run: it reads the schema, decides what has to be read, stages records a page at a time, decides about what is
// missing, and publishes, or confirms that nothing is new. Runner sees to it that one process does one run at a time, and joins a call to a run that does as much anyway.
//
// What a run may be trusted with:
//
//   - The watermark is Airtable's own clock, taken before the first page was asked for. An incremental reads from five minutes before it, so that an edit is
//     read twice rather than never. One hole is known: if Airtable does not freeze a listing (that is not documented), a record that moves up a page while rows
//     before it are deleted is passed over, and stays as it was, or unknown, until it is edited again or the next full.
//   - Which records belong is decided here, by the created time that is served. A formula only narrows what travels.
//   - A listing of an API without snapshots proves no deletion: a full asks once more, by id, for each record that it missed, before the record goes.
//   - A run that fails, or dies, changes nothing but its receipt. What is published is checked against the snapshot it was made from, by catalog.
//
// It leaves to airtable how to ask, to feedback what a record means, to snapshot the file, and to catalog what is current.
package refresh
