-- All that follows from the rows of feedback. Texts are taken out of the JSON here, at refresh time, so that the rows that an
-- incremental carries over need no mapping and no request ever decodes.

CREATE UNIQUE INDEX feedback_id ON feedback (id);

-- An index on one column holds its rows in the order of pos: a filtered page is read off without sorting.
CREATE INDEX feedback_team        ON feedback (team);
CREATE INDEX feedback_priority    ON feedback (priority);
CREATE INDEX feedback_environment ON feedback (environment);

-- With these, a count by any columns reads an index and no row.
CREATE INDEX feedback_filters ON feedback (team, priority, environment);
CREATE INDEX feedback_places  ON feedback (environment, priority);

INSERT INTO search (rowid, description, notes, resolution, areas, type)
SELECT pos, summary ->> 'description', detail ->> 'notes', detail ->> 'resolution_notes',
       (SELECT group_concat(value, ' ') FROM json_each(detail, '$.areas')), summary ->> 'type_of_issue'
FROM feedback ORDER BY pos;
INSERT INTO search (search) VALUES ('optimize');

-- Materialized, because a sorter would otherwise carry each summary along.
INSERT INTO response_times
WITH numbers AS MATERIALIZED (SELECT summary ->> 'environment' AS environment, report_week, h1, h2, h3, h4, h5 FROM feedback)
SELECT environment, report_week, count(*),
       sum(h1), sum(h1 > 0), sum(h2), sum(h2 > 0), sum(h3), sum(h3 > 0), sum(h4), sum(h4 > 0), sum(h5), sum(h5 > 0)
FROM numbers GROUP BY 1, 2;
