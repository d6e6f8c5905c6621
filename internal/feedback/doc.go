// Package feedback is the domain: it turns a record of the base into a Feedback, the object that the HTTP contract promises.
//
// The mapping is total: whatever JSON Airtable puts into a cell, a record yields a Feedback and never an error, so that one odd
// cell can not stop a refresh. What a value cannot give is absent, and absent takes the next fallback of the contract's table.
//
// The package does no I/O and knows neither Airtable's API nor SQLite. All its values are safe for concurrent use once made.
package feedback
