// Package access decides who may call the API. A [Policy] holds what the operator configured,
// and its methods apply it to one request.
//
// # What it promises
//
//   - The zero Policy lets no client read, refresh or sign in.
//   - Comparing a token or a password takes the same time whichever token, user or byte is
//     wrong.
//   - A [Secret] prints, logs and encodes as "[redacted]", and no error of this package repeats
//     one.
//   - The errors of the Parse functions name the entry or the user that is wrong, but not the
//     setting that the value came from.
//   - Errors state facts, such as [ErrNoAdmins]. The caller adds what to set and where.
//
// # What it leaves to others
//
// Package config reads the environment, decides which settings can be combined, and puts the
// variable's name in front of each error. Package httpapi decides what each route needs, sets
// the CORS headers and turns errors into responses. API Gateway verifies JWTs; [WithClaims]
// records that it did.
//
// # How it works
//
// A Policy is plain data, so that tests can compare it and a host can build one by hand. Its
// methods look at one request and keep no state. Signing in needs state: [SignIn] holds the
// users by email, and counts failed attempts for as long as the process lives. Few passwords are
// hashed at a time; package bound has the numbers.
package access
