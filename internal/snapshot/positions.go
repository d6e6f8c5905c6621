package snapshot

import "github.com/RoaringBitmap/roaring/v2"

// positionSet answers quickly whether a set has a position. A roaring.Bitmap searches its sorted
// positions for each answer unless it has many.
type positionSet struct {
	set   *roaring.Bitmap
	pages []*[pageWords]uint64 // nil: set is asked
	first uint32               // the number of the first page
}

// pageWords is how many words a page has, with a bit for each of 65,536 positions.
const pageWords = 1 << 10

// newPositionSet prepares a set of some of the records of a file to be asked for a part of them,
// until a page of about fifty is found: about all if the set is small, few if it is large.
func newPositionSet(set *roaring.Bitmap, records int) positionSet {
	m := positionSet{set: set}
	n := set.GetCardinality()
	if n == 0 || n > 1<<16 || n*n > 1<<8*uint64(records) { // #nosec G115 -- not negative
		return m
	}
	m.first = set.Minimum() >> 16
	m.pages = make([]*[pageWords]uint64, set.Maximum()>>16-m.first+1)
	for positions := set.Iterator(); positions.HasNext(); {
		pos := positions.Next()
		page := &m.pages[pos>>16-m.first]
		if *page == nil {
			*page = new([pageWords]uint64)
		}
		(*page)[pos>>6&(pageWords-1)] |= 1 << (pos & 63)
	}
	return m
}

func (m *positionSet) has(pos uint32) bool {
	if m.pages == nil {
		return m.set.Contains(pos)
	}
	// Of a position before the first page, the number is beyond the last one.
	number := pos>>16 - m.first
	if number >= uint32(len(m.pages)) || m.pages[number] == nil { // #nosec G115 -- at most 65,536
		return false
	}
	return m.pages[number][pos>>6&(pageWords-1)]>>(pos&63)&1 == 1
}
