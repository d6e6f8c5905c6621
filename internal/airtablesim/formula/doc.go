// Package formula parses and evaluates the part of Airtable's formula language that a
// sync puts into filterByFormula.
//
// # What it supports
//
// Numbers, strings in single or double quotes with backslash escapes, fields as {Name}
// or, if the name is one word, as Name; the operators & + - * / = != < <= > >= and
// parentheses; and these functions, in any case:
//
//	AND OR NOT IF ISERROR ERROR BLANK TRUE FALSE
//	RECORD_ID CREATED_TIME LAST_MODIFIED_TIME NOW TODAY
//	YEAR MONTH DAY IS_AFTER IS_BEFORE IS_SAME DATETIME_PARSE DATEADD DATETIME_DIFF
//	LEN LOWER UPPER TRIM FIND RIGHT SEARCH VALUE
//
// As in Airtable, a field's id cannot stand in for its name. DATETIME_PARSE takes no format,
// LAST_MODIFIED_TIME no fields, FIND and SEARCH no start.
//
// # What it promises
//
// A formula is accepted or rejected as a whole: an unknown function or field, a wrong
// number of arguments, or trailing text is an error of [Parse], never a formula that
// keeps every row. Parse and Eval do not panic, whatever the text or the row, and take
// time proportional to the text, which may have up to 100,000 bytes.
//
// # Where Airtable is not documented
//
// Each choice is the one that is harder on the caller, so that what works here works with
// Airtable:
//
//   - An error in any argument is the result, even of AND and OR. Only IF ignores the
//     branch that it does not take, and only ISERROR accepts an error.
//   - Blank equals "", 0 and blank (reported by users of Airtable in 2020), but <, <=, >,
//     >=, IS_AFTER, IS_BEFORE and IS_SAME are false if a side is blank. Date functions
//     return #ERROR! for blank.
//   - Text is never read as a number, except by VALUE. Text compared with a date is read
//     as a date, and is #ERROR! if it is not one. A date without a zone is UTC.
//   - Years, months, weeks and days are those of UTC; weeks start on Sunday.
//   - Field names match exactly, though messages show them in lower case.
//   - A name with more than one closing brace cannot be written (according to the source
//     of https://github.com/gtalarico/pyairtable).
//
// # What it leaves to others
//
// The content of cells: the caller passes blank, number, text and time (see [Row]).
package formula
