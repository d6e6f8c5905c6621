package airtablesim

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// iterator is a listing under way. Its offsets stay good as long as it lives, so
// that a page can be asked for again.
type iterator struct {
	id      string
	query   string           // what the first page asked for
	ids     []string         // of all its rows
	version int              // of the table when ids was made
	places  map[string]place // by the second half of the offset that leads there
	used    time.Time
}

// place is where a page begins, and the page's number from 1 on.
type place struct{ start, page int }

func (it *iterator) slice(start, end int) []string {
	return it.ids[min(start, len(it.ids)):min(end, len(it.ids))]
}

// resume finds the iterator of a query and the place to go on from, or begins one.
func (s *Server) resume(q *listQuery) (*iterator, place, error) {
	now := s.cfg.Clock()
	if q.first {
		return &iterator{id: s.iteratorID(), query: q.key(), places: map[string]place{}, used: now}, place{0, 1}, nil
	}
	id, half, _ := strings.Cut(q.offset, "/")
	it := s.iterators[id]
	switch {
	case !s.isIteratorID(id) || !halfShape.MatchString(half):
		return nil, place{}, badOffset(q.offset)
	case it == nil || now.Sub(it.used) > s.cfg.IteratorTTL:
		return nil, place{}, errNoIterator
	}
	at, ok := it.places[half]
	if !ok || it.query != q.key() {
		return nil, place{}, badOffset(q.offset)
	}
	it.used = now
	return it, at, nil
}

// mark gives the offset that leads to a place, and keeps the iterator for it.
func (s *Server) mark(it *iterator, at place) string {
	s.iterators[it.id] = it
	half := ident("rec", it.id, fmt.Sprint(at.start))
	it.places[half] = at
	return it.id + "/" + half
}

// pageOf is the number of the page that a call asks for, or 0.
func (s *Server) pageOf(req *request) int {
	if req.Kind != List {
		return 0
	}
	if req.query.first {
		return 1
	}
	id, half, _ := strings.Cut(req.query.offset, "/")
	if it := s.iterators[id]; it != nil {
		return it.places[half].page
	}
	return 0
}

// expire forgets the iterators that have not been used for too long.
func (s *Server) expire() {
	now := s.cfg.Clock()
	for id, it := range s.iterators {
		if now.Sub(it.used) > s.cfg.IteratorTTL {
			delete(s.iterators, id)
		}
	}
}

// iteratorID makes an id that the emulators of this base know for their own
// after a restart, when the iterator is gone: its last 8 characters follow from
// those before.
func (s *Server) iteratorID() string {
	head := s.newID("itr")[:9]
	return head + s.check(head)
}

func (s *Server) isIteratorID(id string) bool {
	return len(id) == 17 && id[9:] == s.check(id[:9])
}

func (s *Server) check(head string) string { return ident("", s.base.id, head)[:8] }

// newID makes an id that was not there before. Ids of records do not depend on how often they are listed.
func (s *Server) newID(prefix string) string {
	s.made[prefix]++
	return ident(prefix, s.seed, fmt.Sprint(s.made[prefix]))
}

var halfShape = regexp.MustCompile(`^rec[0-9A-Za-z]{14}$`)

func badOffset(offset string) *refusal {
	return &refusal{status: 422, kind: "INVALID_OFFSET_VALUE", message: "The value of offset " + offset + " is invalid"}
}

// key tells queries apart that cannot go on from each other's offsets.
func (q *listQuery) key() string {
	return fmt.Sprintf("%q %q %v %d", q.view, q.formula, q.sort, q.maxRecords)
}
