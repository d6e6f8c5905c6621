-- Which records an amendment changes: was is the position of the parent's row, which goes, pos the
-- position of the staged row, which comes. A record that keeps its time of creation keeps its place.
CREATE TABLE main.touched (id TEXT PRIMARY KEY, was INTEGER, pos INTEGER, staged INTEGER);

INSERT INTO main.touched (id, was, pos, staged)
SELECT r.id, p.pos, iif(r.created = p.created, p.pos, NULL), r.rowid
FROM main.row r LEFT JOIN known USING (id) LEFT JOIN parent_serve.feedback p USING (pos);

INSERT INTO main.touched (id, was)
SELECT id, pos FROM main.removed JOIN known USING (id);

CREATE TABLE main.parent_row AS SELECT * FROM main.row WHERE false;
