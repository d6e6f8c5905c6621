package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"voc/internal/snapshot"
)

// create attaches a new file for each part, with its tables.
func (d *Draft) create(ctx context.Context) error {
	if err := d.attach(ctx); err != nil {
		return err
	}
	for _, kind := range snapshot.Kinds() {
		tables := strings.NewReplacer("CREATE TABLE ", "CREATE TABLE "+string(kind)+".",
			"CREATE VIRTUAL TABLE ", "CREATE VIRTUAL TABLE "+string(kind)+".").
			Replace(snapshot.Schema(kind))
		if err := d.exec(ctx, tables); err != nil {
			return err
		}
	}
	return nil
}

// copyParts attaches a copy of each part of the parent.
func (d *Draft) copyParts(ctx context.Context) error {
	for _, kind := range snapshot.Kinds() {
		if err := copyFile(d.path(kind), d.parent.Paths[kind]); err != nil {
			return err
		}
	}
	return d.attach(ctx)
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// attach attaches the parts and begins a transaction over all of them. What is deleted from one is
// overwritten, so that a removed record does not stay in the file.
func (d *Draft) attach(ctx context.Context) error {
	if err := d.exec(ctx, `COMMIT`); err != nil { // no file can be attached within a transaction
		return err
	}
	for _, kind := range snapshot.Kinds() {
		if err := d.exec(ctx, `ATTACH ? AS `+string(kind), d.path(kind)); err != nil {
			return err
		}
		if err := d.exec(ctx, fmt.Sprintf(`PRAGMA %[1]s.cache_size = -1024;
			PRAGMA %[1]s.journal_mode = OFF; PRAGMA %[1]s.synchronous = OFF;
			PRAGMA %[1]s.secure_delete = ON;
			PRAGMA %[1]s.user_version = %[2]d; PRAGMA %[1]s.application_id = %[3]d`,
			kind, snapshot.Format, snapshot.ApplicationID(kind))); err != nil {
			return err
		}
	}
	return d.exec(ctx, `BEGIN`)
}

// describe gives each part its description.
func (d *Draft) describe(ctx context.Context, meta snapshot.Meta) error {
	for _, kind := range snapshot.Kinds() {
		described := meta
		if kind != snapshot.Sources {
			described = meta.WithoutSource()
		}
		text, err := json.Marshal(described)
		if err != nil {
			return err
		}
		query := `INSERT OR REPLACE INTO ` + string(kind) + `.meta (rowid, json) VALUES (1, ?)`
		if err := d.exec(ctx, query, string(text)); err != nil {
			return err
		}
	}
	return nil
}

// check lets SQLite check the parts.
func (d *Draft) check(ctx context.Context) error {
	for _, kind := range snapshot.Kinds() {
		var verdict string
		err := d.get(ctx, &verdict, `PRAGMA `+string(kind)+`.quick_check(1)`)
		if err != nil {
			return err
		}
		if verdict != "ok" {
			return fmt.Errorf("SQLite finds the new file damaged, is the disk sound? %s", verdict)
		}
	}
	return nil
}

// flush makes a file durable and hashes it on the way.
func flush(path string) (snapshot.Part, error) {
	part := snapshot.Part{Path: path}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return part, err
	}
	defer file.Close()
	hash := sha256.New()
	if part.Bytes, err = io.Copy(hash, file); err != nil {
		return part, err
	}
	part.SHA256 = hex.EncodeToString(hash.Sum(nil))
	return part, file.Sync()
}
