package httpapi

import (
	"net/http"
	"slices"
	"strings"

	"voc/internal/job"
	"voc/internal/snapshot"
)

// route is one line of the contract.
type route struct {
	method     string // GET also answers HEAD
	path       string // without a trailing slash; a last segment {id} stands for any one
	permission permission
	parameters parameters
	handle     func(*response, *request) error
}

func (a *API) table() []route {
	return []route{
		{"GET", "/api/feedback", reading, listParameters, a.list},
		{"GET", "/api/feedback/facets", reading, filterParameters, a.data(a.facets)},
		{"GET", "/api/feedback/{id}", reading, nil, a.data(a.one)},
		{"GET", "/api/reports/response-times", reading, timesParameters, a.data(a.responseTimes)},
		{"GET", "/api/reports/environments", reading, nil, a.data(ready(snapshot.PlacesReport))},
		{"GET", "/api/customer-pulse", reading, nil, a.data(ready(snapshot.PulseReport))},
		{"GET", "/api/cache", reading, nil, a.status},
		{"GET", "/api/cache/runs", reading, runsParameters, a.runs},
		{"GET", "/api/cache/runs/{id}", reading, nil, a.run},
		{"GET", "/api/cache/snapshots", reading, nil, a.snapshots},
		{"POST", "/api/cache/update-full", admin, nil, a.update(job.Full)},
		{"POST", "/api/cache/update-incremental", admin, nil, a.update(job.Incremental)},
		{"POST", "/api/cache/update-sweep", admin, nil, a.update(job.Sweep)},
		{"POST", "/api/cache/rollback", admin, nil, a.rollback},
		{"POST", "/api/users/auth", open, nil, a.signIn},
		{"GET", "/api/health", open, nil, a.health},
		{"GET", "/api/live", open, nil, a.live},
		{"GET", "/api/openapi.json", open, nil, a.openAPIDocument},
		{"GET", docsPath, open, nil, a.docs},
	}
}

// elsewhere are paths that the existing dashboard knows, and why they are not here.
var elsewhere = []struct {
	path string
	why  error
}{
	{"/api/users", errUsersElsewhere},
	{"/api/chat", errNoChat},
}

// find picks the route of a request. A path answers with and without its trailing slash, directly.
func (a *API) find(r *request) (route, error) {
	if strings.Contains(strings.ToUpper(r.URL.RawPath), "%2F") {
		return route{}, errNoRoute // an escaped slash is part of a name, and no name has one
	}
	path := strings.TrimSuffix(r.URL.Path, "/")
	var allowed []string
	for _, route := range a.routes {
		name, ok := match(route.path, path)
		if !ok {
			continue
		}
		if r.Method == route.method || r.Method == http.MethodHead && route.method == http.MethodGet {
			r.name = name
			return route, nil
		}
		if !slices.Contains(allowed, route.method) {
			allowed = append(allowed, route.method)
		}
	}
	if allowed == nil {
		return route{}, nowhere(path)
	}
	if slices.Contains(allowed, http.MethodGet) {
		allowed = append(allowed, http.MethodHead)
	}
	return route{}, wrongMethod{allow: strings.Join(append(allowed, http.MethodOptions), ", ")}
}

func nowhere(path string) error {
	for _, e := range elsewhere {
		if path == e.path || strings.HasPrefix(path, e.path+"/") {
			return e.why
		}
	}
	return errNoRoute
}

func match(pattern, path string) (name string, ok bool) {
	prefix, isPattern := strings.CutSuffix(pattern, "{id}")
	if !isPattern {
		return "", pattern == path
	}
	name, ok = strings.CutPrefix(path, prefix)
	return name, ok && name != "" && !strings.Contains(name, "/")
}
