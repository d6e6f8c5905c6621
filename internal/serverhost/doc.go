// Package serverhost is the server as a program: its commands, the emulator that it starts where
// no base is named, its schedule, its banner and its exit codes.
//
// A [Program] holds all that a process would get from its system: arguments, environment, output
// and clock. [Program.Run] does what the process does and returns its exit code, and its context
// stands for SIGINT and SIGTERM. So a test can start the whole program beside others in its own
// process. Two things still come from the process itself: the AWS SDK's own search for credentials
// where none are given, and the working directory, in which the default of SNAPSHOT_STORE lies.
//
// What a refresh does is refresh's business, what a request means httpapi's; app puts both
// together.
package serverhost
