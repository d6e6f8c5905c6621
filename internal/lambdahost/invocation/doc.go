// Package invocation starts refreshes by invoking the refresh functions. The API function uses it
// for the POSTs of /api/cache/.
//
// The API function writes nothing itself. It reads the manifest and joins a running run if that
// does the work; otherwise it invokes a function and does not wait for it. The run gets its id
// here, so that the client can look it up at once, and so that an invocation that the SDK repeats
// because its response was lost asks for the same run: the second one finds it done.
//
// It is apart from lambdahost because a refresh function invokes no other, and would link the
// client of AWS Lambda for nothing.
package invocation
