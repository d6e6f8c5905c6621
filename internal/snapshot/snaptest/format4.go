package snaptest

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"

	"voc/internal/snapshot"
)

// Format4 makes what format 4 had for a snapshot: two files, the serve part with the list and
// the details.
func Format4(t T, s *Snapshot) snapshot.Sealed {
	t.Helper()
	dir, sealed := TempDir(t), s.Sealed
	sealed.Parts = maps.Clone(sealed.Parts)
	for _, kind := range []snapshot.Kind{snapshot.Serve, snapshot.Sources} {
		content, err := os.ReadFile(s.Path(kind))
		Check(t, err)
		path := filepath.Join(dir, string(kind)+".sqlite")
		Check(t, os.WriteFile(path, content, 0o600))
		Alter(t, path, `PRAGMA user_version = 4`)
		sealed.Parts[kind] = snapshot.Part{Path: path}
	}
	serve := sealed.Parts[snapshot.Serve]
	sealed.Parts[snapshot.List], sealed.Parts[snapshot.Details] = serve, serve
	db := Connect(t, serve.Path)
	db.SetMaxOpenConns(1) // it has the attached file
	for _, statement := range []string{
		`ATTACH '` + s.Path(snapshot.Details) + `' AS details`,
		`CREATE TABLE main.tombstone (id TEXT PRIMARY KEY, removed_at TEXT NOT NULL, run TEXT NOT NULL)`,
		`INSERT INTO main.tombstone SELECT * FROM details.tombstone`,
		`DROP TABLE main.spelling`,
		`ALTER TABLE main.feedback ADD COLUMN id TEXT`,
		`UPDATE main.feedback SET id = (SELECT id FROM details.record WHERE record.pos = feedback.pos)`,
		`CREATE UNIQUE INDEX main.feedback_id ON feedback (id)`,
		`ALTER TABLE main.feedback ADD COLUMN detail TEXT`,
		`ALTER TABLE main.feedback ADD COLUMN fields TEXT`,
	} {
		_, err := db.ExecContext(t.Context(), statement)
		Check(t, err)
	}
	for _, id := range IDs(t, s) {
		packed, err := s.Detail(t.Context(), id)
		Check(t, err)
		whole, err := packed.Text()
		Check(t, err)
		// No quote within a text stands alone, so a key can be found by its name.
		_, rest, _ := bytes.Cut(whole, []byte(`,"notes":`))
		detail, fields, _ := bytes.Cut(rest, []byte(`,"fields":`))
		const update = `UPDATE main.feedback SET detail = ?, fields = ? WHERE id = ?`
		_, err = db.ExecContext(t.Context(), update, `{"notes":`+string(detail)+`}`,
			string(fields[:len(fields)-1]), id)
		Check(t, err)
	}
	list, _, err := s.Body(t.Context(), snapshot.Gzip)
	Check(t, err)
	defer list.Close()
	var packed bytes.Buffer
	_, err = packed.ReadFrom(list)
	Check(t, err)
	for part := 0; packed.Len() > 0; part++ {
		_, err := db.ExecContext(t.Context(), `INSERT INTO body VALUES ('feedback', 'gzip', ?, ?)`,
			part, packed.Next(1000))
		Check(t, err)
	}
	return sealed
}
