package config_test

import (
	"os"
	"strings"
	"testing"

	"voc/internal/config"
)

// contract is the table of variables and defaults that the documentation, the template and the
// hosts share. It is edited by hand: a change of the code needs one of the contract.
const contract = "testdata/environment.md"

// row is a line of that table, which may name several variables.
type row struct{ names, meaning, value string }

func contractRows(t *testing.T) []row {
	t.Helper()
	text, err := os.ReadFile(contract)
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if !strings.HasPrefix(line, "| ") || len(cells) != 3 {
			continue
		}
		rows = append(rows, row{strings.TrimPrefix(cells[0], "| "), cells[1],
			strings.TrimSuffix(cells[2], " |")})
	}
	if len(rows) < 2 || rows[0].names != "variable" {
		t.Fatalf("no table in %s", contract)
	}
	return rows[1:]
}

func TestTableMatchesContract(t *testing.T) {
	type variable struct{ Name, Default string }
	var want, got []variable
	for _, row := range contractRows(t) {
		value := strings.ReplaceAll(row.value, "`", "")
		if value == "–" {
			value = ""
		}
		for name := range strings.SplitSeq(row.names, ", ") {
			want = append(want, variable{name, value})
			if strings.Contains(row.meaning, "`…_PARAMETER`") {
				want = append(want, variable{name + "_PARAMETER", ""})
			}
		}
	}
	for _, v := range config.Variables() {
		got = append(got, variable{v.Name, v.Default})
		if v.Meaning == "" {
			t.Errorf("%s has no meaning", v.Name)
		}
	}
	expect(t, "variables", got, want)
}
