-- The source part of a sealed snapshot: its records as Airtable sent them, in the order in
-- which feedback is served: the rowid of a record is its pos in the serve part. Only a refresh reads
-- it.

CREATE TABLE meta (json TEXT NOT NULL);

CREATE TABLE record (
  id           TEXT NOT NULL,
  created_time TEXT NOT NULL,
  digest       BLOB NOT NULL, -- SHA-256 of the cells that people fill
  computed     BLOB NOT NULL, -- SHA-256 of the computed cells
  fields       TEXT NOT NULL  -- JSON: what Airtable sent, by name
);
