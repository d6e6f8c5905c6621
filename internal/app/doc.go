// Package app puts the parts together: a refresh engine, an API, or both, from one configuration.
//
// The two halves are separate functions, so that a program that needs one does not link the other. What differs between hosts (a schedule of its own, signals,
// Lambda's events, where AWS credentials are found, what a platform imposes on answers) is the business of serverhost, lambdahost and functions/.
package app
