package airtable

import "time"

// What tests of this package may see of its inside.
var (
	DecodePage     = decodePage
	ParseErrorBody = parseErrorBody
)

// LimitTry makes a try fail sooner, for tests that wait in real time.
func (c *Client) LimitTry(d time.Duration) { c.tryLimit = d }
