package snapshot

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/klauspost/compress/gzip"
)

// ListFrame returns what stands around the rows of the whole list.
func ListFrame() Frame { return Frame{Header: "[", Separator: ",\n", Footer: "]\n"} }

// listSizes returns how long the list is in the encodings of which that is known.
func (p *part) listSizes() (map[Encoding]int64, error) {
	if p.format == format4 {
		size, err := p.format4ListSize()
		return map[Encoding]int64{Gzip: size}, err
	}
	const query = `SELECT count(*), coalesce(sum(size), 0), coalesce(sum(length(blocks)), 0)
		FROM block`
	var rows, plain, packed int64
	if err := p.db.QueryRow(query).Scan(&rows, &plain, &packed); err != nil {
		return nil, err
	}
	gaps, frame := max(rows-1, 0), ListFrame()
	ends, separator := newMember(nil), new(member)
	ends.text(frame.Header)
	ends.text(frame.Footer)
	separator.text(frame.Separator)
	return map[Encoding]int64{
		Identity: plain + gaps*int64(len(frame.Separator)) + int64(len(frame.Header+frame.Footer)),
		Gzip:     packed + gaps*int64(len(separator.out)) + int64(len(ends.end())),
	}, nil
}

// listReader returns the whole list in an encoding, read row by row. It holds no connection
// between two reads, so a client may take its time. Only errors of the file are errors of
// the reader.
func (p *part) listReader(ctx context.Context, encoding Encoding) (io.Reader, error) {
	var packed io.Reader = &listRows{
		ctx: ctx, part: p, frame: ListFrame(), member: newMember(nil), next: -1 << 62,
	}
	if p.format == format4 {
		packed = &bodyReader{ctx: ctx, db: p.db, bodyKey: bodyKey{format4List, Gzip}}
	}
	switch encoding {
	case Gzip:
		return packed, nil
	case Identity:
		return gzip.NewReader(bufio.NewReader(packed))
	}
	return nil, fmt.Errorf("%w: %s", errIncomplete, encoding)
}

// listRows reads the list part as one gzip member.
type listRows struct {
	ctx   context.Context
	part  *part
	frame Frame
	*member
	next  int64 // number of the next row, or a smaller one
	begun bool  // the member has a row
	ended bool
	rest  []byte
}

func (l *listRows) Read(into []byte) (int, error) {
	if len(l.rest) == 0 {
		if l.ended {
			return 0, io.EOF
		}
		if err := l.row(); err != nil {
			return 0, err
		}
		l.rest = l.out
	}
	n := copy(into, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// row puts the next row into out, with what stands before it, and behind the last one.
func (l *listRows) row() error {
	const query = `SELECT number, size, crc, blocks FROM block WHERE number >= ?
		ORDER BY number LIMIT 1`
	var row Packed
	err := l.part.db.QueryRowContext(l.ctx, query, l.next).
		Scan(&l.next, &row.Size, &row.CRC, &row.Blocks)
	l.ended = errors.Is(err, sql.ErrNoRows)
	if err != nil && !l.ended {
		return err
	}
	if !l.begun {
		l.begun = true
		l.text(l.frame.Header) // behind the member's header
	} else {
		l.out = l.out[:0]
		if !l.ended {
			l.text(l.frame.Separator)
		}
	}
	if l.ended {
		l.text(l.frame.Footer)
		l.out = l.end()
		return nil
	}
	l.packed(row, shiftBy(row.Size))
	l.next++
	return nil
}

// streamed is a list that is read while it is sent. Its errors are those of a file, so
// that they differ from those of the client's connection.
type streamed struct {
	io.ReadCloser
	path string
}

// Read implements io.Reader.
func (s streamed) Read(into []byte) (int, error) {
	n, err := s.ReadCloser.Read(into)
	if err != nil && err != io.EOF {
		err = &fs.PathError{Op: "read", Path: s.path, Err: err}
	}
	return n, err
}
