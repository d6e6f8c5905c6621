// Package lambdahost contains what only AWS Lambda needs: it passes HTTP API events to an
// http.Handler, parses the events of a refresh, and reads secrets from SSM. The functions link it;
// the server never does.
//
// # What it promises
//
//   - Every event gets a response that Lambda accepts: a panic becomes a 500, an unreadable
//     request a 400, and a text that JSON would lengthen is sent in base64. A client cannot
//     cause an error of the function, which the gateway would turn into its own 500.
//   - A refresh event is parsed strictly. An event that is not in an accepted form starts
//     nothing; the error lists the forms.
//   - Secrets are read from SSM at most every five minutes. If that fails, the previous value
//     stays in use and a warning names the problem.
//   - A run gets its id before it starts, so that a repeated invocation requests the same run.
//
// # What it leaves to others
//
// The packages in functions/ choose the parts of a function, package httpapi knows what a request
// means, and package refresh what a run does.
//
// # Frozen processes
//
// Between invocations the process is frozen. So nothing here runs in the background, ages are
// measured by the wall clock, and connections to SSM and Lambda are not reused, since they would
// be dead by the next invocation.
package lambdahost
