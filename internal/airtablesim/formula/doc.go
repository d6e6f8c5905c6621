// Package formula reads and works out the part of Airtable's formula language
// that a sync puts into filterByFormula.
//
// # What it knows
//
// Numbers, strings in single or double quotes with backslash escapes, fields as
// {Name} or, where the name is one word, as Name; the operators & + - * / = !=
// < <= > >= and parentheses; and these functions, in any case:
//
//	AND OR NOT IF ISERROR ERROR BLANK TRUE FALSE
//	RECORD_ID CREATED_TIME LAST_MODIFIED_TIME NOW TODAY
//	YEAR MONTH DAY IS_AFTER IS_BEFORE IS_SAME DATETIME_PARSE DATEADD DATETIME_DIFF
//	LEN LOWER UPPER TRIM FIND SEARCH VALUE
//
// Field ids are not names, as they are not in Airtable. DATETIME_PARSE takes no
// format, LAST_MODIFIED_TIME no fields, FIND and SEARCH no start.
//
// # What it promises
//
// A text is understood whole or refused whole: an unknown function or field, a
// wrong number of arguments, or anything left over is an error from [Parse],
// never a formula that keeps every row. Parse and Eval do not panic, whatever
// the text or the row, and take time in proportion to the text, which may have
// 100,000 bytes.
//
// # Where Airtable is not documented
//
// The choice is the one that is harder on the caller, so that what works here
// works there:
//
//   - An error in any argument is the result, of AND and OR too; only IF leaves
//     the branch it does not take alone, and only ISERROR sees an error as such.
//   - Blank is equal to "", 0 and blank (seen by users of Airtable in 2020), but
//     <, <=, >, >=, IS_AFTER, IS_BEFORE and IS_SAME are false where a side is
//     blank. Functions of a date give #ERROR! for blank.
//   - Text is never taken for a number, but by VALUE. Text beside a date is read
//     as a date, and #ERROR! when it is none. A date without a zone is UTC.
//   - Years, months, weeks and days are those of UTC; weeks begin on Sunday.
//   - Field names match exactly, though messages show them in lower case.
//   - A name with more than one closing brace cannot be written (pyairtable's
//     source says so of Airtable).
//
// # Left to others
//
// What a cell is: the caller hands over blank, number, text and time (see [Row]).
package formula
