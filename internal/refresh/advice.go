package refresh

import (
	"errors"
	"fmt"

	"voc/internal/airtable"
	"voc/internal/manifest"
	"voc/internal/snapshot"
)

// faultAdvice tells the operator what to do about each fault of a call to Airtable, by the names of
// the settings.
var faultAdvice = map[airtable.Fault]string{
	airtable.FaultRequest: "Airtable does not accept the request: " +
		"check AIRTABLE_TABLE_NAME and FIELD_MAP",
	airtable.FaultNetwork:  "check the network and AIRTABLE_API_URL",
	airtable.FaultResponse: "retry later; if it persists, check AIRTABLE_API_URL and the proxies",
	airtable.FaultSize:     "shorten the texts of that record: it may have 8 MiB as JSON",
	airtable.FaultRedirect: "check AIRTABLE_API_URL: " +
		"redirects are not followed, since they would send the token elsewhere",
	airtable.FaultServer: "Airtable failed or took too long: retry later",
	airtable.FaultToken:  "check AIRTABLE_API_KEY: the token is mistyped, expired or revoked",
	airtable.FaultPermission: "check AIRTABLE_API_KEY: " +
		"the token is not permitted to make this call",
	airtable.FaultNotFound: "check AIRTABLE_BASE_ID and AIRTABLE_TABLE_NAME, " +
		"and that the token has access to the base",
	airtable.FaultField: "a field was renamed or removed: compare FIELD_MAP with the base",
	airtable.FaultRate: "other programs use up the requests that Airtable accepts for the base: " +
		"run them at another time",
	airtable.FaultQuota: "the workspace has used up its API calls of the month: " +
		"choose a larger plan, or wait for the 1st of the next month",
	airtable.FaultListing: "Airtable loses its place in the table; this passes: retry later",
}

// withAdvice returns the text of err followed by what the operator does about it.
func withAdvice(err error) string {
	failed, ok := errors.AsType[*airtable.Error](err)
	foreign, isForeign := errors.AsType[*manifest.ForeignError](err)
	switch {
	case ok && failed.Fault() == airtable.FaultPermission && failed.Scope != "":
		return err.Error() + "; grant the token the scope " + failed.Scope + " and access to the " +
			"base; if it has both, check AIRTABLE_BASE_ID and AIRTABLE_TABLE_NAME"
	case ok:
		return err.Error() + "; " + faultAdvice[failed.Fault()]
	case errors.Is(err, airtable.ErrToken):
		return err.Error() + "; check AIRTABLE_API_KEY"
	case isForeign:
		return fmt.Sprintf("%v: AIRTABLE_BASE_ID is %s, and SNAPSHOT_STORE must be of that base",
			err, foreign.Base)
	case errors.Is(err, manifest.ErrExposed):
		return fmt.Sprintf("%v: it was made before PRIVATE_FIELDS, READ_ACCESS or FIELD_MAP hid "+
			"what it shows; choose one of GET /api/cache/snapshots", err)
	case errors.Is(err, manifest.ErrNoSuchSnapshot):
		return fmt.Sprintf("%v; voc snapshots and GET /api/cache/snapshots list them all", err)
	case errors.Is(err, manifest.ErrPromise):
		return fmt.Sprintf("%v: SNAPSHOT_STORE needs a store with conditional writes", err)
	case errors.Is(err, snapshot.ErrDiskFull):
		return fmt.Sprintf("%v: free space where TMPDIR is, for two unpacked snapshots; "+
			"the disk of a function has the size that EphemeralStorageMb gives it", err)
	case errors.Is(err, manifest.ErrDamaged):
		return err.Error() + ": voc refresh full --accept, or make invoke-full ACCEPT=1 on AWS"
	case errors.Is(err, errNoTime):
		return fmt.Sprintf("%v: refresh this store with the server, `voc refresh full`, which has an "+
			"hour; a function has 15 minutes", err)
	case errors.Is(err, manifest.ErrTooLarge):
		return fmt.Sprintf("%v: lower SNAPSHOT_KEEP", err)
	}
	return err.Error()
}
