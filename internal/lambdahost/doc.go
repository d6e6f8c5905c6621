// Package lambdahost is what only AWS Lambda needs: HTTP API events as requests of an http.Handler, the events of a refresh, secrets that SSM keeps, and the
// asynchronous call of one function by another. The two functions link it, the server never does.
//
// # What it promises
//
//   - Whatever event comes, an answer goes out that Lambda can carry: a panic is a 500, a request that can not be read a 400, and a text that JSON would
//     blow up travels in base64. An error of the function, which the gateway would turn into its own 500, is none of a caller's making.
//   - A refresh event is read strictly. What is not in the accepted forms, which the error lists, starts nothing.
//   - A secret is read from SSM again at most every five minutes. When that fails, the value that was read before stays, and a warning says what is wrong.
//   - A run that is asked for has its id before it begins, so that a call whose answer was lost, and is repeated, asks for the same run.
//
// # What it leaves to others
//
// Which parts a function is made of is the business of functions/, what a request means httpapi's, what a run does refresh's.
//
// # Time stands still
//
// Between invocations the process is frozen. So nothing here waits in the background, ages are taken from the clock on the wall, and connections to SSM and Lambda, which would be dead by the next time,
// are not kept.
package lambdahost
