package dirblob

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"

	"voc/internal/blob"
)

// List implements blob.Store. It holds the names of one folder and its parents at a time.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		l := listing{s, ctx, prefix, yield}
		if err := blob.CheckPrefix(prefix); err != nil {
			l.fail(err)
			return
		}
		l.walk(prefix[:strings.LastIndex(prefix, "/")+1])
	}
}

// listing is one List in progress. Its methods report whether it continues.
type listing struct {
	*Store
	ctx    context.Context
	prefix string
	yield  func(blob.Info, error) bool
}

// walk yields the objects below a folder, which is "" or ends in a slash. Folders are
// sorted with their slash, so that a-b, a/b and a0 are in order.
func (l listing) walk(folder string) bool {
	entries, err := os.ReadDir(l.path(folder))
	if err := missing(nil, err); err != nil {
		return errors.Is(err, blob.ErrNotExist) || l.fail(err)
	}
	keyOf := func(entry fs.DirEntry) string {
		if entry.IsDir() {
			return folder + entry.Name() + "/"
		}
		return folder + entry.Name()
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(keyOf(a), keyOf(b)) })
	for _, entry := range entries {
		key := keyOf(entry)
		below := strings.HasPrefix(key, l.prefix)
		switch {
		case l.ctx.Err() != nil:
			return l.fail(l.ctx.Err())
		case blob.CheckPrefix(key) != nil:
			continue
		case entry.IsDir():
			if (below || strings.HasPrefix(l.prefix, key)) && !l.walk(key) {
				return false
			}
			continue
		case !below:
			continue
		}
		file, err := os.Stat(l.path(key))
		err = missing(file, err)
		if errors.Is(err, blob.ErrNotExist) {
			continue // deleted since, or not a regular file
		}
		if err != nil {
			return l.fail(err)
		}
		if !l.yield(infoOf(key, file), nil) {
			return false
		}
	}
	return true
}

func (l listing) fail(err error) bool {
	l.yield(blob.Info{}, l.wrap("list", l.prefix, err))
	return false
}
