-- What follows from the sealed rows and needs no Go.
CREATE UNIQUE INDEX feedback_id ON feedback (id);
CREATE UNIQUE INDEX source.record_id ON record (id);
CREATE INDEX feedback_created ON feedback (created); -- where an interval of time begins and ends

INSERT INTO search (rowid, description, notes, resolution, areas, type)
SELECT pos, search_text(CAST(description AS BLOB)), search_text(CAST(notes AS BLOB)),
  search_text(CAST(resolution AS BLOB)), search_text(CAST(areas AS BLOB)),
  search_text(CAST(type_of_issue AS BLOB))
FROM stage.rank CROSS JOIN stage.row ON row.rowid = staged ORDER BY pos;
INSERT INTO search (search) VALUES ('optimize');
