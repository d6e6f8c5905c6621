//go:build !linux

package main_test

var linuxStates []state
