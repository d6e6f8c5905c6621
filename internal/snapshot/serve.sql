-- The serve part of a sealed snapshot: what the answers need apart from the whole list and
-- single records. pos orders the records as feedback is served: newest first, ties by id. Its
-- numbers have gaps and begin anywhere, so that a record keeps its number while others come and
-- go. h1 to h5 are the durations of the response-time report in hours, in the order of
-- feedback.Durations, 0 where there is none. A set of records is a Roaring bitmap of their pos
-- (https://github.com/RoaringBitmap/RoaringFormatSpec).

CREATE TABLE meta (json TEXT NOT NULL);

CREATE TABLE feedback (
  pos         INTEGER PRIMARY KEY,
  created     TEXT NOT NULL,
  report_week TEXT NOT NULL,
  h1 REAL NOT NULL, h2 REAL NOT NULL, h3 REAL NOT NULL, h4 REAL NOT NULL, h5 REAL NOT NULL
);

-- The keys of the list, in a table of their own, so that a page of the list is on few
-- pages of the file.
CREATE TABLE summary (
  pos  INTEGER PRIMARY KEY,
  json TEXT NOT NULL
);

-- The words of each record, as feedback.SearchText writes them: folded, one space between
-- them, each letter of scripts without spaces a word by itself. So the tokenizer has nothing
-- to decide.
CREATE VIRTUAL TABLE search USING fts5 (
  description, notes, resolution, areas, type,
  content = '', tokenize = 'ascii'
);

-- Which records have a value of a property, and how many they are. key is the folded
-- value (feedback.Fold), so that case and accents do not count; value is the spelling that
-- most of them have. The property week is for the facets only.
CREATE TABLE facet (
  property  TEXT NOT NULL,
  key       TEXT NOT NULL,
  value     TEXT NOT NULL,
  records   INTEGER NOT NULL,
  positions BLOB NOT NULL,
  PRIMARY KEY (property, key)
);

-- How many records have each spelling of a value of facet: a refresh that changes a few records
-- finds the most frequent one here.
CREATE TABLE spelling (
  property TEXT NOT NULL,
  key      TEXT NOT NULL,
  value    TEXT NOT NULL,
  records  INTEGER NOT NULL,
  PRIMARY KEY (property, key, value)
) WITHOUT ROWID;

-- All records in an order other than pos: the pos of each as four bytes, little-endian,
-- in parts of 2,048 records; the last part may be shorter.
CREATE TABLE ranking (
  sort      TEXT NOT NULL,
  part      INTEGER NOT NULL,
  positions BLOB NOT NULL,
  PRIMARY KEY (sort, part)
);

-- The response times of one week in one environment, whose name is folded: a sum and a
-- count for each duration, so that averages over environments and weeks are averages over
-- records.
CREATE TABLE response_times (
  environment TEXT NOT NULL,
  week        TEXT NOT NULL,
  records     INTEGER NOT NULL,
  sum1 REAL NOT NULL, n1 INTEGER NOT NULL,
  sum2 REAL NOT NULL, n2 INTEGER NOT NULL,
  sum3 REAL NOT NULL, n3 INTEGER NOT NULL,
  sum4 REAL NOT NULL, n4 INTEGER NOT NULL,
  sum5 REAL NOT NULL, n5 INTEGER NOT NULL,
  PRIMARY KEY (environment, week)
) WITHOUT ROWID;

-- How many records of a value of a property were created in each week: for each week that
-- has any, newest first, its number (0 is that of 1970-01-05) and the records in it, four
-- bytes each, little-endian. key is facet.key; the property week has one row, with the key
-- '', for all records.
CREATE TABLE weekly (
  property   TEXT NOT NULL,
  key        TEXT NOT NULL,
  first_seen TEXT NOT NULL, -- created of its oldest record
  weeks      BLOB NOT NULL,
  PRIMARY KEY (property, key)
) WITHOUT ROWID;

-- Stored responses, which depend on nothing but the snapshot: each report without a filter,
-- encoded.
CREATE TABLE body (
  name     TEXT NOT NULL,
  encoding TEXT NOT NULL,
  part     INTEGER NOT NULL, -- always 0; format 4 had several for the list
  bytes    BLOB NOT NULL,
  PRIMARY KEY (name, encoding, part)
);
