package build

import (
	"database/sql/driver"
	"fmt"

	"modernc.org/sqlite"

	"voc/internal/feedback"
)

// search_text gives SQL the words of a text as the search index holds them. The driver
// offers a function to all connections of the process or to none.
func init() {
	sqlite.MustRegisterDeterministicScalarFunction("search_text", 1, searchText)
}

// searchText is search_text. Its argument is a blob: the driver cuts a text at a NUL.
func searchText(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	text, ok := args[0].([]byte)
	if !ok && args[0] != nil {
		return nil, fmt.Errorf("search_text of a %T, not of a blob", args[0])
	}
	return feedback.SearchText(string(text)), nil
}
