package dirblob

import "os"

// Unexported names for the tests of this package.
var Advise = advise

// BeforeFlush calls do before each flush of a file or folder; the flush fails if do
// fails.
func (s *Store) BeforeFlush(do func(*os.File) error) {
	s.fsync = func(f *os.File) error {
		if err := do(f); err != nil {
			return err
		}
		return f.Sync()
	}
}
