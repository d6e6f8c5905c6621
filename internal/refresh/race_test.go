//go:build race

package refresh_test

// The race detector makes everything many times slower, and looks for something else than long sequences do.
func init() { sequences = "20" }
