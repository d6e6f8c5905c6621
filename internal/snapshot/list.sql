-- The list part of a sealed snapshot: the whole list, as gzip. A row has the records of 64
-- positions: number is pos / 64. Records and rows are separated by a comma and a line feed.

CREATE TABLE meta (json TEXT NOT NULL);

-- blocks are as in the details part.
CREATE TABLE block (
  number  INTEGER PRIMARY KEY,
  size    INTEGER NOT NULL, -- of the JSON, in bytes
  crc     INTEGER NOT NULL, -- its CRC-32
  blocks  BLOB NOT NULL
);
