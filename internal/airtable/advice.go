package airtable

import "net/http"

// advice is what an operator does next about e, in the words of this program's
// environment. Scope is the one that the call needs, empty for none.
func (e *Error) advice(scope string) string {
	switch {
	case e.Status == 0:
		return "check the network and AIRTABLE_API_URL"
	case e.Err != nil && tooLarge(e.Err):
		return "a page of 100 records may have 32 MiB: shorten the longest texts in the table"
	case e.Err != nil:
		return "try again later; if it stays so, check AIRTABLE_API_URL and the proxies on the way"
	}
	switch e.Type {
	case typeQuota:
		return "the workspace has used up its API calls of the month: take a larger plan, or wait for the 1st of the next month"
	case typeUnknownField, typeFormula:
		return "a field was renamed or removed: compare FIELD_MAP with the base"
	}
	return statusAdvice(e.Status, scope)
}

func statusAdvice(status int, scope string) string {
	switch {
	case status < 400:
		return "only a 200 is accepted, and no redirect, which would take the token elsewhere: check AIRTABLE_API_URL"
	case status >= 500:
		return "Airtable has a fault or took too long: try again later"
	case status == http.StatusUnauthorized:
		return "check AIRTABLE_API_KEY: the token is mistyped, expired or revoked"
	case status == http.StatusForbidden && scope != "":
		return "grant the token the scope " + scope + " and access to the base; if it has both, check AIRTABLE_BASE_ID and AIRTABLE_TABLE_NAME"
	case status == http.StatusForbidden:
		return "check AIRTABLE_API_KEY: the token may not do this"
	case status == http.StatusNotFound:
		return "check AIRTABLE_BASE_ID and AIRTABLE_TABLE_NAME, and that the token has access to the base"
	case status == http.StatusTooManyRequests:
		return "other programs use up the 5 requests a second of the base: run them at another time"
	}
	return "Airtable does not accept the request: check AIRTABLE_TABLE_NAME and FIELD_MAP"
}
