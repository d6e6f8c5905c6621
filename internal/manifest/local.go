package manifest

import (
	"github.com/RoaringBitmap/roaring/v2"
)

// Local is a part of a snapshot in a file of this host. Its fields are for reading.
type Local struct {
	Path string
	Part Part

	snapshot Snapshot        // that it was fetched for
	pages    *roaring.Bitmap // of its delta; nil if it has none
}

// base returns what deltas of later files are applied to.
func (l Local) base() Base {
	if l.Part.Base.Key != "" {
		return l.Part.Base
	}
	return Base{Key: l.Part.Key, Bytes: l.Part.Bytes, CreatedAt: l.snapshot.CreatedAt}
}

// changed reports whether a page is of the delta.
func (l Local) changed(page uint32) bool { return l.pages != nil && l.pages.Contains(page) }
