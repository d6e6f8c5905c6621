// Package export writes records as readers see them to a SQLite file for people: one table with a
// column for each key of the API, to be opened with sqlite3, Datasette or a notebook.
//
// A snapshot is a SQLite file too, but one for programs: it holds what readers may not see, and
// most of it is encoded. A file that [Write] made holds only what it was given.
//
// The file appears under its name complete or not at all, and replaces one of that name. Its mode
// is that of any new file of the process (umask). infra/FORMAT.md documents the tables.
package export
