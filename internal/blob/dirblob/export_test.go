package dirblob

import "os"

// Advise is advise.
var Advise = advise

// BeforeFlush has do called before each flush of a file or folder, which fails if do does.
func (s *Store) BeforeFlush(do func(*os.File) error) {
	s.fsync = func(f *os.File) error {
		if err := do(f); err != nil {
			return err
		}
		return f.Sync()
	}
}
