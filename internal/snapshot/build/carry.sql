-- The rows of the parent that were neither put nor removed, with the columns that
-- Row.values gives a row that is put. JSON keeps strings and numbers to the byte, so both
-- come out the same.
INSERT INTO stage.row (
  id, created, report_week, h1, h2, h3, h4, h5, created_time, digest, computed,
  modified, week, priority, team, environment, area_impacted, areas, area_lengths,
  issue_number, status, type_of_issue, source,
  description, notes, resolution, summary, detail, fields, shown)
WITH kept AS (
  SELECT p.pos, p.id, p.created, p.report_week, p.h1, p.h2, p.h3, p.h4, p.h5,
    o.created_time, o.digest, o.computed, s.json AS summary, p.detail, o.fields,
    nullif(p.fields, o.fields) AS shown, s.json ->> 'description' AS description,
    p.detail ->> 'notes' AS notes, p.detail ->> 'resolution_notes' AS resolution
  FROM parent.feedback p JOIN parent.summary s USING (pos) JOIN origin.record o USING (id)
  WHERE p.id NOT IN (SELECT id FROM stage.row UNION ALL SELECT id FROM stage.removed))
SELECT
  id, created, report_week, h1, h2, h3, h4, h5, created_time, digest, computed,
  detail ->> 'modified_at', summary ->> 'week', summary ->> 'priority', summary ->> 'team',
  summary ->> 'environment', summary ->> 'area_impacted',
  (SELECT coalesce(group_concat(value, ' '), '') FROM json_each(detail, '$.areas')),
  (SELECT coalesce(group_concat(octet_length(value)), '') FROM json_each(detail, '$.areas')),
  summary -> 'issue_number', summary ->> 'status', summary ->> 'type_of_issue',
  summary ->> 'source',
  description,
  iif(trim(notes, char(9, 10, 13, 32)) = description, '', notes),
  iif(trim(resolution, char(9, 10, 13, 32)) = description, '', resolution),
  summary, detail, fields, shown
FROM kept ORDER BY pos;
