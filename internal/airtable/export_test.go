package airtable

import "time"

// Unexported names for the tests of this package.
var (
	DecodePage     = decodePage
	ParseErrorBody = parseErrorBody
	RetryAfter     = retryAfter
)

// LimitTry sets the time limit of a try, for tests that wait in real time.
func (c *Client) LimitTry(d time.Duration) { c.tryLimit = d }
