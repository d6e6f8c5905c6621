// Package app wires the parts: a refresh engine, an API, or both, from one configuration.
//
// Engine and API come from separate functions, so that a program that needs one does not link
// the other. What differs between hosts (the server's scheduler, signals, Lambda events, the
// source of AWS credentials, the limits of a platform) is in serverhost, lambdahost and
// functions/.
package app
