// Package blobtest provides what tests need of an object store: the contract suite for
// every store ([Run]), a store in memory ([Memory]), a store that fails on purpose
// ([Faulty]), and a crash matrix built on it ([CrashMatrix]). Only tests may import it.
//
// Memory is as strict as S3: equal bodies have equal versions, and times are truncated to
// whole seconds. Code that works only because its store is in memory should fail here,
// not after deployment.
//
// Faulty distinguishes faults by their consequences. A rejected write did not happen. A
// lost write and a write whose response is lost look the same to the caller
// (blob.ErrUncertain). After the process has died, nothing reaches the store. Faulty does
// not imitate a lost write that arrives later; a test can do that with Before on a later
// operation and Replace on the wrapped store.
package blobtest
