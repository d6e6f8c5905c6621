// Package config turns the environment into a [Config]. It is the only place that knows how a
// variable is spelled, what it may hold and what its absence means.
//
// # What it promises
//
//   - Every variable of the contract (testdata/environment.md) is a row of one table, with the
//     hosts that read it. [Variables] returns the table and [WriteMarkdown] and [WriteText]
//     print it, so that tests can compare the documentation and the template with it.
//   - An empty variable counts as unset. Space and quotes around a value are ignored, as is space
//     around a name; a value of nothing but space, or with a quote at one end, is an error.
//   - A misspelled name is in Config.NearMisses, and an error where it would start the emulator in
//     place of a real base. A proxy variable that net/http would ignore is an error.
//   - The error of [Load] and [LoadFunction] has every problem, one per line, each with its
//     variable in front, in the order of the table. It omits problems that only follow from
//     another.
//   - No error contains a secret, and nothing that prints, logs or encodes a Config shows one
//     (see [access.Secret]).
//   - A variable that is set and has no effect is either an error or in Config.Unused.
//
// # What it leaves to others
//
// It takes the environment as an argument and opens no file but the time zone's. Whether a token
// is valid, a table exists, a file is readable or an address is free shows only when it is used.
// It does not start the emulator: it reports that one is needed and accepts its address
// ([Config.WithEmulator]). It does not call SSM: it lists the parameters that hold a function's
// secrets ([Parameters]), and reads their values from the environment once the caller has put
// them there, so that they are checked like any other.
//
// # How it works
//
// Loading has two steps. The table gives each variable a default, a parser and a destination;
// the parser checks one value by itself. Then come the rules that join several variables, one
// method for each part of Config; they skip variables that the first step rejected. The packages
// feedback, schedule and access parse their own values and return errors that name no variable.
package config
