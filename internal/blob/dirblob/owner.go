package dirblob

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// owner is the user and the group of a file.
type owner struct{ UID, GID int }

// heir returns the owner that a file gets, and whether that is another than the one it
// has. Only root can give files away, and gives only its own to another user. Any other
// user's files stay as they were created.
func heir(file, store owner, privileged bool) (owner, bool) {
	if !privileged || file.UID != 0 || store.UID == 0 {
		return file, false
	}
	return store, true
}

// owner returns the owner of the store: that of its directory. A directory of root, such
// as a volume that all users may write to, tells nothing, so there it is the first writer.
func (s *Store) owner() (of owner, err error) {
	for _, path := range []string{s.dir, filepath.Join(s.dir, ownFolder)} {
		file, err := os.Stat(path)
		if os.IsNotExist(err) {
			break
		}
		if err != nil {
			return of, err
		}
		if of = ownerOf(file); of.UID != 0 {
			break
		}
	}
	return of, nil
}

// handOver gives an open file to the owner of the store if root has created it: the
// service beside which root ran a command must be able to read it.
func (s *Store) handOver(f *os.File) error {
	if !s.privileged {
		return nil
	}
	file, err := f.Stat()
	if err != nil {
		return err
	}
	store, err := s.owner()
	if err != nil {
		return err
	}
	if to, change := heir(ownerOf(file), store, s.privileged); change {
		return s.chown(f, to.UID, to.GID)
	}
	return nil
}

// handOverPath is handOver for a path in the store and the folders above it, so that it
// also repairs what root left there before. It follows no links.
func (s *Store) handOverPath(path string) error {
	if !s.privileged {
		return nil
	}
	for ; len(path) > len(s.dir); path = filepath.Dir(path) {
		f, err := openNoFollow(path)
		if errors.Is(err, syscall.ELOOP) {
			continue // a link that the operator has made
		}
		if err != nil {
			return err
		}
		err = s.handOver(f)
		_ = f.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
