-- Rows of the parent, with the columns that Row.values gives a row that is put. JSON keeps strings
-- and numbers to the byte, so both come out the same. Go fills in the table that takes them and
-- the condition on their ids.
INSERT INTO main.%s (
  id, created, report_week, h1, h2, h3, h4, h5, created_time, digest, computed,
  modified, week, priority, team, environment, area_impacted, areas, area_lengths,
  issue_number, status, type_of_issue, source,
  description, notes, resolution, summary, size, crc, own, blocks, fields)
WITH parent_rows AS (
  SELECT p.pos, d.id, p.created, p.report_week, p.h1, p.h2, p.h3, p.h4, p.h5,
    o.created_time, o.digest, o.computed, s.json AS summary, d.size, d.crc, d.own, d.blocks, o.fields,
    unpack(d.size, d.crc, d.blocks) AS detail
  FROM parent_serve.feedback p JOIN parent_serve.summary s USING (pos)
    JOIN parent_details.record d USING (pos)
    JOIN parent_source.record o ON o.id = d.id
  WHERE d.id %s),
texts AS (
  SELECT *, summary ->> 'description' AS description, detail ->> 'notes' AS notes,
    detail ->> 'resolution_notes' AS resolution
  FROM parent_rows)
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
  summary, size, crc, own, blocks, fields
FROM texts ORDER BY pos;
