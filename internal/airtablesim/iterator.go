package airtablesim

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// iterator is a listing in progress. Its offsets remain valid as long as it lives, so
// that a page can be requested again.
type iterator struct {
	id      string
	query   string           // key of the first page's query
	ids     []string         // of all its records
	version int              // of the table when ids was computed
	places  map[string]place // by the second half of the offset
	used    time.Time
}

// place is the start of a page, and its number from 1.
type place struct{ start, page int }

func (it *iterator) slice(start, end int) []string {
	return it.ids[min(start, len(it.ids)):min(end, len(it.ids))]
}

// resume returns the iterator of a query and the place to continue at; a new one for a
// first page.
func (s *Server) resume(q *listQuery) (*iterator, place, error) {
	now := s.cfg.Clock()
	if q.first {
		it := &iterator{id: s.newIteratorID(), query: q.key(), places: map[string]place{}, used: now}
		return it, place{0, 1}, nil
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

// issueOffset returns the offset of a place and stores the iterator.
func (s *Server) issueOffset(it *iterator, at place) string {
	s.iterators[it.id] = it
	half := ident("rec", it.id, fmt.Sprint(at.start))
	it.places[half] = at
	return it.id + "/" + half
}

// pageOf returns the number of the requested page, or 0.
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

// expire deletes the iterators that have not been used for IteratorTTL.
func (s *Server) expire() {
	now := s.cfg.Clock()
	for id, it := range s.iterators {
		if now.Sub(it.used) > s.cfg.IteratorTTL {
			delete(s.iterators, id)
		}
	}
}

// newIteratorID returns an id that emulators of this base recognise after a restart, when
// the iterator is lost: its last 8 characters are a checksum of the others.
func (s *Server) newIteratorID() string {
	head := s.newID("itr")[:9]
	return head + s.checksum(head)
}

func (s *Server) isIteratorID(id string) bool {
	return len(id) == 17 && id[9:] == s.checksum(id[:9])
}

func (s *Server) checksum(head string) string { return ident("", s.base.id, head)[:8] }

// newID returns a new id. Ids of records do not depend on how often records were listed.
func (s *Server) newID(prefix string) string {
	s.created[prefix]++
	return ident(prefix, s.seed, fmt.Sprint(s.created[prefix]))
}

var halfShape = regexp.MustCompile(`^rec[0-9A-Za-z]{14}$`)

func badOffset(offset string) *refusal {
	return &refusal{status: 422, kind: "INVALID_OFFSET_VALUE",
		message: "The value of offset " + offset + " is invalid"}
}

// key identifies the queries that can continue from each other's offsets.
func (q *listQuery) key() string {
	return fmt.Sprintf("%q %q %v %d", q.view, q.formula, q.sort, q.maxRecords)
}
