// Package invocation starts refreshes by invoking the refresh functions. The API function uses it
// for the POSTs of /api/cache/.
//
// The API function itself writes nothing. It reads the manifest and joins the current run if that
// does the work; otherwise it invokes a function and does not wait for it. The run gets its id
// here, so that the client can look it up at once, and so that an invocation that the SDK repeats
// because its response was lost requests the same run: the second one finds that it is done.
//
// It is separate from lambdahost because a refresh function invokes no other and would link the
// AWS Lambda client for nothing.
package invocation
