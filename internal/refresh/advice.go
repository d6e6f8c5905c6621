package refresh

import (
	"errors"
	"fmt"

	"voc/internal/manifest"
)

// withAdvice words an error, with the settings and routes that an operator needs for it.
func withAdvice(err error) string {
	foreign, isForeign := errors.AsType[*manifest.ForeignError](err)
	switch {
	case isForeign:
		return fmt.Sprintf("%v: AIRTABLE_BASE_ID is %s, and SNAPSHOT_STORE must be of that base",
			err, foreign.Base)
	case errors.Is(err, manifest.ErrNoSuchSnapshot):
		return fmt.Sprintf("%v; GET /api/cache/snapshots lists them all", err)
	case errors.Is(err, manifest.ErrTooLarge):
		return fmt.Sprintf("%v: lower SNAPSHOT_KEEP", err)
	}
	return err.Error()
}
