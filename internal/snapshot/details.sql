-- The details part of a sealed snapshot: the response for each single record, and which records
-- were removed.

CREATE TABLE meta (json TEXT NOT NULL);

-- blocks are DEFLATE blocks (RFC 1951) that refer to nothing before them and end at a byte, so
-- that a gzip member can be put together from them.
CREATE TABLE record (
  pos    INTEGER PRIMARY KEY,
  id     TEXT NOT NULL,
  size   INTEGER NOT NULL, -- of the JSON, in bytes
  crc    INTEGER NOT NULL, -- its CRC-32
  own    INTEGER NOT NULL, -- CRC-32 of the keys that neither the list nor Airtable has
  blocks BLOB NOT NULL
);

-- Records that were removed, so that a deleted record can be told from an unknown id.
CREATE TABLE tombstone (
  id         TEXT PRIMARY KEY,
  removed_at TEXT NOT NULL, -- Airtable's clock when the run that removed it began
  run        TEXT NOT NULL
) WITHOUT ROWID;
