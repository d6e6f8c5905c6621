-- What follows from the sealed rows and needs no Go.
CREATE UNIQUE INDEX feedback_id ON feedback (id);
CREATE INDEX feedback_created ON feedback (created); -- where an interval of time begins and ends

INSERT INTO search (rowid, description, notes, resolution, areas, type)
SELECT pos, description, notes, resolution, areas, type_of_issue
FROM stage.rank CROSS JOIN stage.row ON row.rowid = staged ORDER BY pos;
INSERT INTO search (search) VALUES ('optimize');
