package airtable

import (
	"errors"
	"fmt"
	"math"
	"time"
)

const (
	// maxParts bounds how many listings of a table are in progress at once. Four use up the
	// rate of a base until a page takes 0.8 s. More gain nothing: each adds a page that is not
	// full, and on top of the rate Airtable works on more listings (measured with 12 and 16 on
	// an emulator, November 2026).
	maxParts = 4

	// pagesPerPart is how many pages make a part worth the call that it may add.
	pagesPerPart = 5

	// idCharacters are those that the last character of a record id can be (see IsRecordID).
	idCharacters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// errDivide ends a listing of the whole table whose first page took so long that several
// listings are faster.
var errDivide = errors.New("airtable: divide the listing")

// part is a part of a table.
type part struct {
	ends string // the last characters of its record ids; "" for the whole table
	test string // the formula of a record in it; "" for all
}

// and returns the formula of the part's records that match one more; "" matches all.
func (p part) and(formula string) string {
	if p.test == "" || formula == "" {
		return p.test + formula
	}
	return "AND(" + p.test + "," + formula + ")"
}

// divide returns n disjoint parts of a table. Each is a formula about the last character
// of the record id, and the last one is the negation of all others. So a record that the
// others miss, whatever their formulas make of it, is in the last part.
func divide(n int) []part {
	if n == 1 {
		return []part{{}}
	}
	parts := make([]part, n)
	others := 0
	for i := range n - 1 {
		ends := idCharacters[others : len(idCharacters)*(i+1)/n]
		parts[i] = part{ends, endsWith(ends)}
		others += len(ends)
	}
	parts[n-1] = part{idCharacters[others:], orIfError("NOT(" + endsWith(idCharacters[:others]) + ")")}
	return parts
}

func endsWith(characters string) string {
	return fmt.Sprintf(`FIND(RIGHT(RECORD_ID(),1),"%s")`, characters)
}

// pay returns how many listings at once pay: as many as keep the rate at the latency of
// the last response. A tenth more is for what a listing does besides waiting.
func (c *Client) pay(q Query) int {
	if !q.AtOnce {
		return 1
	}
	needed := math.Ceil(1.1 * Rate * time.Duration(c.latency.Load()).Seconds())
	n := int(min(needed, maxParts))
	if q.Expected > 0 {
		n = min(n, q.Expected/(pagesPerPart*PageSize))
	}
	return max(n, 1)
}
