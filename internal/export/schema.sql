CREATE TABLE feedback (
  id               TEXT PRIMARY KEY, -- Airtable's record id
  description      TEXT,
  priority         TEXT,             -- High, Medium, Low, or as Airtable has it
  team             TEXT,
  environment      TEXT,
  area_impacted    TEXT,             -- all areas, with commas between; table area has one a row
  created          TEXT,             -- as the API serves it
  week             TEXT,             -- the Monday of created
  issue_number     NUMERIC,
  status           TEXT,
  reporter_email   TEXT,
  slack_thread     TEXT,             -- a link
  type_of_issue    TEXT,
  type_of_report   TEXT,
  source           TEXT,
  triage_rep       TEXT,
  notes            TEXT,
  resolution_notes TEXT,
  related_imt      TEXT,
  created_at       TEXT,             -- instant in UTC
  modified_at      TEXT,             -- instant in UTC
  airtable_url     TEXT,             -- opens the record in Airtable
  fields           TEXT              -- JSON: the cells that readers may see, by field name
);

CREATE TABLE area (
  id   TEXT NOT NULL REFERENCES feedback (id),
  area TEXT NOT NULL,
  PRIMARY KEY (id, area)
) WITHOUT ROWID;

CREATE TABLE about (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX feedback_created_at ON feedback (created_at);
CREATE INDEX feedback_status ON feedback (status);
CREATE INDEX area_area ON area (area);
