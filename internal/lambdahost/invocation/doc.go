// Package invocation has refreshes done by the refresh functions: it is what the API
// function answers the POSTs of /api/cache/ with.
//
// The API function writes nothing itself. It looks at the manifest, joins the run that is
// under way there if that does enough, and else calls a function and does not wait for
// it. The run gets its id here, so that whoever asked can look for it at once, and so
// that a call whose answer was lost, which the SDK repeats, asks for the same run twice:
// the second finds it done.
//
// It is apart from lambdahost since a refresh function calls no other, and would carry
// the client of AWS Lambda for nothing.
package invocation
