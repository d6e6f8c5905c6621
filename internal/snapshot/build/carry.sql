-- The rows of the parent that were neither put nor removed, with the columns that
-- Row.values gives a row that is put. JSON keeps strings and numbers to the byte, so both
-- come out the same.
INSERT INTO stage.row (
  id, created_time, created, report_week, h1, h2, h3, h4, h5, digest, computed,
  modified, week, priority, team, environment, area_impacted, areas, area_lengths,
  issue_number, status, type_of_issue, source,
  description, notes, resolution, summary, detail, fields)
WITH kept AS (
  SELECT *, summary ->> 'description' AS description, detail ->> 'notes' AS notes,
    detail ->> 'resolution_notes' AS resolution
  FROM parent.record
  WHERE id NOT IN (SELECT id FROM stage.row UNION ALL SELECT id FROM stage.removed))
SELECT
  id, created_time, created, report_week, h1, h2, h3, h4, h5, digest, computed,
  detail ->> 'modified_at', summary ->> 'week', summary ->> 'priority', summary ->> 'team',
  summary ->> 'environment', summary ->> 'area_impacted',
  (SELECT coalesce(group_concat(value, ' '), '') FROM json_each(detail, '$.areas')),
  (SELECT coalesce(group_concat(octet_length(value)), '') FROM json_each(detail, '$.areas')),
  summary -> 'issue_number', summary ->> 'status', summary ->> 'type_of_issue',
  summary ->> 'source',
  description,
  iif(trim(notes, char(9, 10, 13, 32)) = description, '', notes),
  iif(trim(resolution, char(9, 10, 13, 32)) = description, '', resolution),
  summary, detail, fields
FROM kept ORDER BY pos;
