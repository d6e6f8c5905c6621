// Package blobtest is what tests need of an object store: the suite that every store must pass ([Run]), a store in
// memory ([Memory]) and a store that fails on purpose ([Faulty]), with the crash matrix that is built on it
// ([CrashMatrix]). It is for tests alone; no program imports it.
//
// Memory is no kinder than S3: equal bodies have equal versions, times are cut to whole seconds. What works with
// it only because it is in memory should fail here, not after deployment.
//
// Faulty tells faults apart as their consequences do: a write that was refused did not happen, one that was lost and
// one whose answer was lost look the same to the caller (blob.ErrUncertain), and after the process has died
// nothing reaches the store any more. What it does not imitate by itself is a lost write that lands later: a
// Before on a later operation does it, with the wrapped store's own Replace.
package blobtest
