-- What follows from the rows of feedback and needs no Go. Texts are taken out of the JSON here, at refresh time, so that the rows that an incremental
-- carries over need no mapping.

CREATE UNIQUE INDEX feedback_id ON feedback (id);
CREATE INDEX feedback_created ON feedback (created); -- where an interval of time begins and ends

-- The description is one of the notes or the initial one; a text counts once.
INSERT INTO search (rowid, description, notes, resolution, areas, type)
WITH texts AS (SELECT pos, summary ->> 'description' AS description, detail ->> 'notes' AS notes, detail ->> 'resolution_notes' AS resolution,
  (SELECT group_concat(value, ' ') FROM json_each(detail, '$.areas')) AS areas, summary ->> 'type_of_issue' AS type FROM record)
SELECT pos, description, iif(trim(notes, char(9, 10, 13, 32)) = description, NULL, notes),
       iif(trim(resolution, char(9, 10, 13, 32)) = description, NULL, resolution), areas, type
FROM texts ORDER BY pos;
INSERT INTO search (search) VALUES ('optimize');
