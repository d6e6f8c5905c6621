-- Takes the rows that go out of the parts, unless others come in their place, and changes the search
-- index. That must be told the words that it has of a row. The new words of a row follow on the old
-- ones, so that FTS5 puts both into one segment. It then merges segments of one level when there
-- are four, some pages at a time: so a search reads few, and a merge with the large segment of a
-- full seal spreads over many amendments. Go fills in the words of a row.
DELETE FROM serve.feedback WHERE pos IN (SELECT was FROM main.touched WHERE was IS NOT pos);
DELETE FROM serve.summary WHERE pos IN (SELECT was FROM main.touched WHERE was IS NOT pos);
DELETE FROM details.record WHERE pos IN (SELECT was FROM main.touched WHERE was IS NOT pos);
DELETE FROM source.record WHERE rowid IN (SELECT was FROM main.touched WHERE was IS NOT pos);

INSERT INTO serve.search (search, rowid, description, notes, resolution, areas, type)
SELECT command, pos, %s
FROM (
  SELECT 'delete' AS command, touched.was AS pos,
    description, notes, resolution, areas, type_of_issue
  FROM main.touched JOIN main.parent_row USING (id) WHERE touched.was IS NOT NULL
  UNION ALL
  SELECT NULL, pos, description, notes, resolution, areas, type_of_issue
  FROM main.touched JOIN main.row ON row.rowid = staged)
ORDER BY pos, command IS NULL;
INSERT INTO serve.search (search, rank) VALUES ('merge', 256);
