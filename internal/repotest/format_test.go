package repotest_test

import (
	"database/sql"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"voc/internal/manifest"
	"voc/internal/snapshot"
)

// TestFormatPage: the page names every key of the manifest, and every table and column of a
// snapshot. The tests of functions/server run its examples.
func TestFormatPage(t *testing.T) {
	page := strings.Join(strings.Fields(string(read(t, "infra/FORMAT.md"))), " ")
	names := jsonKeys(reflect.TypeFor[manifest.Manifest](), map[reflect.Type]bool{})
	names = append(names, tablesAndColumns(t)...)
	if len(names) < 80 {
		t.Errorf("only %d names were found", len(names))
	}
	for _, name := range names {
		if !strings.Contains(page, "`"+name+"`") && !numbered(page, name) {
			t.Errorf("infra/FORMAT.md does not name %s", name)
		}
	}
}

// numbered reports whether a page names a column within a row of numbered ones, "`sum1` to `sum5`".
func numbered(page, name string) bool {
	stem := strings.TrimRight(name, "12345")
	return stem != name && strings.Contains(page, "`"+stem+"1` to `"+stem+"5`")
}

// jsonKeys returns the keys of a type's JSON, and of the types in it.
func jsonKeys(of reflect.Type, seen map[reflect.Type]bool) (keys []string) {
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
		of = of.Elem()
	}
	isText := of.Implements(reflect.TypeFor[json.Marshaler]()) || of == reflect.TypeFor[time.Time]()
	if of.Kind() != reflect.Struct || isText || seen[of] {
		return nil
	}
	seen[of] = true
	for field := range of.Fields() {
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if key == "-" {
			continue
		}
		if key != "" {
			keys = append(keys, key)
		}
		keys = append(keys, jsonKeys(field.Type, seen)...)
	}
	return keys
}

// tablesAndColumns returns the names in the schema of snapshots, without those that FTS5 adds.
func tablesAndColumns(t *testing.T) (names []string) {
	t.Helper()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, kind := range snapshot.Kinds() {
		as := strings.NewReplacer("CREATE TABLE ", "CREATE TABLE "+string(kind)+".",
			"CREATE VIRTUAL TABLE ", "CREATE VIRTUAL TABLE "+string(kind)+".")
		attach := `ATTACH ':memory:' AS ` + string(kind) + `; ` + as.Replace(snapshot.Schema(kind))
		if _, err := db.ExecContext(t.Context(), attach); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := db.QueryContext(t.Context(), `SELECT name FROM pragma_table_list
		WHERE type <> 'shadow' AND name NOT LIKE 'sqlite_%'
		UNION SELECT c.name FROM pragma_table_list AS t, pragma_table_info(t.name, t.schema) AS c
		WHERE t.type <> 'shadow' AND t.name NOT LIKE 'sqlite_%'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return names
}
