package manifest

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// Local is a part of a snapshot in a file of this host. Its fields are for reading.
type Local struct {
	Path string
	Part Part

	of    Snapshot        // that it was fetched for
	pages *roaring.Bitmap // of its delta; nil if it has none
}

// base returns what deltas of later files are applied to.
func (l Local) base() Base {
	if l.Part.Base.Key != "" {
		return l.Part.Base
	}
	return Base{Key: l.Part.Key, Bytes: l.Part.Bytes, CreatedAt: l.of.CreatedAt}
}

// changed reports whether a page is of the delta.
func (l Local) changed(page uint32) bool { return l.pages != nil && l.pages.Contains(page) }

// nearest returns the file from which a part is made with the least transfer; zero if there is
// none.
func nearest(have []Local, wanted Snapshot, part Part) Local {
	i := slices.IndexFunc(have, func(l Local) bool { return l.Part == part })
	if i < 0 && part.Base.Key != "" {
		i = slices.IndexFunc(have, func(l Local) bool { // a newer one has more pages changed
			return l.base().Key == part.Base.Key && !l.of.CreatedAt.After(wanted.CreatedAt.Time)
		})
	}
	if i < 0 {
		return Local{}
	}
	return have[i]
}
