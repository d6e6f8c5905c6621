package httpapi

import "net/http"

// permission is what a route requires of its client.
type permission int

const (
	open permission = iota
	reading
	admin
)

// authorize returns the error of [access.Policy] for a client that may not use a route.
func (a *API) authorize(need permission, r *http.Request) error {
	switch need {
	case reading:
		return a.Access.CheckRead(r)
	case admin:
		return a.Access.CheckAdmin(r)
	}
	return nil
}
