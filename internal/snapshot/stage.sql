-- What a draft has taken so far: the columns of schema.sql's feedback, without a rank, and the ids that go.

CREATE TABLE stage.row (
  id           TEXT PRIMARY KEY,
  created_time TEXT NOT NULL,
  created      TEXT NOT NULL,
  team         TEXT NOT NULL,
  priority     TEXT NOT NULL,
  environment  TEXT NOT NULL,
  report_week  TEXT NOT NULL,
  h1 REAL NOT NULL, h2 REAL NOT NULL, h3 REAL NOT NULL, h4 REAL NOT NULL, h5 REAL NOT NULL,
  digest       BLOB NOT NULL,
  summary      TEXT NOT NULL,
  detail       TEXT NOT NULL,
  fields       TEXT NOT NULL
);

CREATE TABLE stage.removed (id TEXT PRIMARY KEY) WITHOUT ROWID;
