package dirblob

import "os"

// Unexported names for the tests of this package.
var (
	Advise  = advise
	Heir    = heir
	OwnerOf = ownerOf
)

// Owner is the user and the group of a file.
type Owner = owner

// FailChown makes the store behave as root's, where root cannot give files away.
func (s *Store) FailChown(err error) {
	s.privileged = true
	s.chown = func(*os.File, int, int) error { return err }
}

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
