package serverhost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"voc/internal/export"
)

// exportCmd writes what readers may see to a SQLite file for people.
type exportCmd struct {
	File string `arg:"" help:"The SQLite file to write; one that is there is replaced."`
}

// snapshotHeader names the snapshot that a response is from.
const snapshotHeader = "X-Snapshot"

// errMoved ends an attempt during which another snapshot became current.
var errMoved = errors.New("another snapshot became current")

// exportTries bounds the attempts. Snapshots are minutes apart and an export takes seconds.
const exportTries = 3

// Run reads every record through the API of this process, so that the file shows what a reader may
// see, and writes the file.
func (c exportCmd) Run(ctx context.Context, p *Program) error {
	a, err := p.openAPI(ctx, "")
	if err != nil {
		return err
	}
	defer a.close()
	for range exportTries {
		var records int
		if records, err = a.export(ctx, c.File); err == nil {
			fmt.Fprintf(p.Stdout, "%s has %d records: sqlite3 %[1]s .schema, or datasette %[1]s\n",
				c.File, records)
			return nil
		}
		if !errors.Is(err, errMoved) {
			break
		}
	}
	return err
}

// export writes the records of one snapshot. Error: errMoved.
func (a *api) export(ctx context.Context, path string) (records int, err error) {
	list, err := a.get(ctx, "/api/feedback/?fields=id")
	if err != nil {
		return 0, err
	}
	var all []struct{ ID string }
	if err := json.Unmarshal(list.body, &all); err != nil {
		return 0, err
	}
	snapshot := list.header.Get(snapshotHeader)
	about := map[string]string{
		"snapshot":   snapshot,
		"data_as_of": list.header.Get("X-Data-As-Of"),
		"records":    fmt.Sprint(len(all)),
	}
	return len(all), export.Write(ctx, path, about, func(yield func([]byte, error) bool) {
		for _, record := range all {
			path := "/api/feedback/" + url.PathEscape(record.ID)
			found, err := a.get(ctx, path, http.StatusNotFound)
			if err == nil && found.header.Get(snapshotHeader) != snapshot {
				err = errMoved
			}
			if !yield(found.body, err) || err != nil {
				return
			}
		}
	})
}
