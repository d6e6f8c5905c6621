package build

import (
	"database/sql/driver"
	_ "embed" // parent.sql, derive.sql
	"fmt"

	"modernc.org/sqlite"

	"voc/internal/feedback"
	"voc/internal/snapshot"
)

// init registers two functions for the statements of this package: search_text returns the words of
// a text as the search index holds them; unpack returns a packed text. The
// driver offers a function to all connections of the process or to none.
func init() {
	sqlite.MustRegisterDeterministicScalarFunction("search_text", 1,
		func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			text, ok := args[0].([]byte) // the driver cuts what is not a blob at a NUL
			if !ok && args[0] != nil {
				return nil, fmt.Errorf("search_text of a %T, not of a blob", args[0])
			}
			return feedback.SearchText(string(text)), nil
		})
	sqlite.MustRegisterDeterministicScalarFunction("unpack", 3,
		func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			size, _ := args[0].(int64)
			crc, _ := args[1].(int64)
			blocks, _ := args[2].([]byte)
			text, err := snapshot.Packed{
				Blocks: blocks, Size: uint32(size), CRC: uint32(crc), // #nosec G115 -- as they were stored
			}.Text()
			return string(text), err
		})
}
