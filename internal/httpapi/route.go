package httpapi

import (
	"net/http"
	"strings"

	"voc/internal/httpapi/respond"
	"voc/internal/job"
	"voc/internal/snapshot"
)

// route is one line of the contract.
type route struct {
	method     string // GET also answers HEAD
	path       string // without a trailing slash
	permission permission
	parameters parameters
	handle     func(*request) (respond.Answer, error)
}

// permission is what a route requires of its client.
type permission int

const (
	open permission = iota
	reading
	admin
	page // open, and its query is the view's, which the page reads
)

// csvPath is the path of the list as CSV, whatever the client accepts.
const csvPath = "/api/feedback.csv"

func (a *API) table() []route {
	return []route{
		{"GET", "/api/feedback", reading, listParameters, a.list},
		{"GET", csvPath, reading, csvParameters, a.list},
		{"GET", "/api/feedback/facets", reading, filterParameters, a.data(a.facets)},
		{"GET", "/api/feedback/{id}", reading, nil, a.data(record)},
		{"GET", "/api/reports/response-times", reading, timesParameters, a.data(a.responseTimes)},
		{"GET", "/api/reports/response-counts", reading, timesParameters, a.data(a.responseCounts)},
		{"GET", "/api/reports/trends", reading, trendsParameters, a.data(trends)},
		{"GET", "/api/reports/movers", reading, moversParameters, a.data(movers)},
		{"GET", "/api/reports/environments", reading, nil, a.report(snapshot.PlacesReport)},
		{"GET", "/api/customer-pulse", reading, nil, a.report(snapshot.PulseReport)},
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
		{"GET", "/api/openapi.json", open, nil, static(openAPI, respond.Header{})},
		{"GET", docsPath, open, nil, static(docsPage, pageHeader(htmlText))},
		{"GET", "/", page, nil, a.page},
		{"GET", "/app", page, nil, a.page},
		{"GET", "/app/{name}", page, nil, a.page},
		{"GET", "/llms.txt", open, nil, static(llmsText, respond.Header{ContentType: plainText})},
	}
}

// absent are paths that the existing dashboard requests, with why this API does not have them.
var absent = map[string]error{
	"/api/users": errUsersElsewhere,
	"/api/chat":  errNoChat,
}

// newMux registers each path in both spellings. No pattern has a method, and "/" is registered, so
// that http.ServeMux only finds the endpoint: 404 and 405 are problems of this package.
func (a *API) newMux() *http.ServeMux {
	endpoints := map[string]endpoint{}
	for _, route := range a.table() {
		e := endpoints[route.path]
		e.api, e.routes = a, append(e.routes, route)
		endpoints[route.path] = e
	}
	mux := http.NewServeMux()
	for path, e := range endpoints {
		if path != "/" { // which is the pattern of all other paths
			mux.Handle(path, e)
		}
		mux.Handle(strings.TrimSuffix(path, "/")+"/{$}", e)
	}
	for path, err := range absent {
		mux.Handle(path, endpoint{api: a, absent: err})
		mux.Handle(path+"/", endpoint{api: a, absent: err})
	}
	mux.Handle("/", endpoint{api: a, absent: errNoRoute})
	return mux
}
