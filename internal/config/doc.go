// Package config turns the environment into a Config: the one place that knows how a variable is spelled, what it may
// hold and what it means when it is absent.
//
// # What it promises
//
//   - Every variable of the contract (testdata/environment.md) is in one table, and in no other place, with the hosts that read it. [Variables] gives it out, so that
//     documentation and the template can be tested against it.
//   - An empty variable is an absent one. Space around a value does not count; a value of nothing else is a mistake.
//   - The error of [Load] and [LoadFunction] holds every mistake, one a line, each with its variable in front, in the order of the table.
//     A mistake that only follows from another is left out.
//   - A secret is in no error, and nothing that prints, logs or encodes a Config shows one (see [access.Secret]).
//   - A set variable without effect is never passed over in silence: it is a mistake or in Config.Unused.
//
// # What it leaves to others
//
// It takes the environment as an argument and opens no file but the time zone's. Whether a token is valid, a table exists, a file can be read
// or an address is free shows when it is used. It starts no emulator: it says that one is due, and takes in where it
// runs ([Config.WithEmulator]). It does not ask SSM: it says which parameters hold a function's secrets ([Parameters]), and reads the values once they
// stand in the environment, so that they are checked as any other.
//
// # How it works
//
// Reading has two steps. The struct table names each variable with its default and a type; the type's parser finds
// what is wrong with one value by itself. Then come the rules that join several variables, a method for each part of Config.
// They pass over variables that the first step found wrong.
// What a part means is its own package's: feedback, schedule and access parse their values and return errors that name no variable.
package config
