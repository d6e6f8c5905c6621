// Package serverhost is voc as one program: its commands, the emulator that it starts if no base
// is configured, its scheduler, its output and its exit codes.
//
// A [Program] holds what a process gets from its system: arguments, environment, output and
// clock. [Program.Run] does what the process does and returns its exit code; its context stands
// for SIGINT and SIGTERM. So a test can start the whole program in its own process, even several
// at once. Two things still come from the process itself: the AWS SDK's search for credentials if
// none are given, and the working directory, in which the default of SNAPSHOT_STORE lies.
//
// Package refresh knows what a refresh does, package httpapi what a request means; package app
// wires both.
package serverhost
