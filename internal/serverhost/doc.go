// Package serverhost is voc as one program: its commands, the emulator that it starts if no base
// is configured, its scheduler, its output and its exit codes.
//
// A [Program] holds what a process gets from the operating system: arguments, environment, output
// and clock. [Program.Run] runs it and returns its exit code; cancelling the context stands for
// SIGINT and SIGTERM. So a test can start the whole program in its own process, even several
// times at once. Two things still come from the process itself: the credentials that the AWS SDK
// finds if none are given, and the working directory, to which the default of SNAPSHOT_STORE is
// relative.
//
// Package refresh knows what a refresh does, package httpapi what a request means; package app
// wires both.
package serverhost
