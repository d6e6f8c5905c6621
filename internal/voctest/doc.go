// Package voctest provides the fixtures of all tests and benchmarks: records in the form
// of Airtable's list-records responses, and the load of benchmarks.
//
// # The records
//
// records.jsonl.gz holds 295 records of a table "Lead Bugs", one a line, oldest first,
// created in every week of 2025. The texts are real: consumer complaints from the
// Consumer Complaint Database of the US Consumer Financial Protection Bureau,
// https://www.consumerfinance.gov/data-research/consumer-complaints/, whose narratives
// are published with the consumers' consent, after the Bureau has replaced personal data
// with XXXX. Areas, types of issue, order and most resolution notes are real as well.
// Times, statuses, environments, teams, hours, people, links and e-mail addresses
// (example.com) are derived or made up, and so are the bare CRs in the narrative of one
// record, whose lines end in CRLF in the original.
//
// The records have the irregularities of real bases, which
// TestRecordsHaveEveryIrregularity lists: omitted empty cells, values of two types in
// one field, computed cells with an error, text that HTML, CSV or a spreadsheet would
// misread.
//
// # The whole sample
//
// The variable VOC_SAMPLE holds the absolute path of a larger file of the same form
// (.jsonl or .jsonl.gz). [Sample] reads it for comparisons, [Whole] and [WholeFile] for
// benchmarks. Without the variable, comparisons read the embedded records, and
// benchmarks repeat these, with other ids and times, up to [WholeSize]. `make soak` and
// `make bench` read the variable. Repeated text compresses better than other text:
// measure sizes with a file.
//
// If something is missing or malformed, a function names it and fails the calling test, and
// no other. All functions may be called concurrently. Only tests and the programs in their
// testdata may import this package; a test of internal/repotest enforces that.
package voctest
