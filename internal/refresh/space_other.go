//go:build !unix

package refresh

import "errors"

// freeSpace is unknown here.
func freeSpace(string) (uint64, error) { return 0, errors.ErrUnsupported }
