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

var errNoBody = errors.New("the snapshot does not have it")

// What stands around the list, and between its records.
const (
	listStart     = "["
	ListSeparator = ",\n"
	listEnd       = "]\n"
)

// loadListSize works out how long the list is.
func (f *File) loadListSize() error {
	if f.list.format == servedWhole {
		const query = `SELECT sum(length(bytes)) FROM body WHERE name = ? AND encoding = ?`
		var size int64
		err := f.list.db.QueryRow(query, listBody, Gzip).Scan(&size)
		f.lists[Gzip] = size
		return err
	}
	const query = `SELECT count(*), coalesce(sum(size), 0), coalesce(sum(length(blocks)), 0)
		FROM block`
	var rows, plain, packed int64
	if err := f.list.db.QueryRow(query).Scan(&rows, &plain, &packed); err != nil {
		return err
	}
	gaps := max(rows-1, 0)
	f.lists[Identity] = plain + gaps*int64(len(ListSeparator)) + int64(len(listStart+listEnd))
	frame := newMember(nil)
	frame.text(listStart)
	frame.text(listEnd)
	separator := new(member)
	separator.text(ListSeparator)
	f.lists[Gzip] = packed + gaps*int64(len(separator.out)) + int64(len(frame.end()))
	return nil
}

// reader returns the whole list in an encoding, read row by row. It holds no connection
// between two reads, so a client may take its time. Only errors of the file are errors of
// reader.
func (f *File) reader(ctx context.Context, encoding Encoding) (io.Reader, error) {
	var packed io.Reader = &listRows{ctx: ctx, file: f, member: newMember(nil), next: -1 << 62}
	if f.list.format == servedWhole {
		packed = &parts{ctx: ctx, db: f.list.db, bodyKey: bodyKey{listBody, Gzip}}
	}
	switch encoding {
	case Gzip:
		return packed, nil
	case Identity:
		return gzip.NewReader(bufio.NewReader(packed))
	}
	return nil, fmt.Errorf("%w: %s", errNoBody, encoding)
}

// listRows reads the list part as one gzip member.
type listRows struct {
	ctx  context.Context
	file *File
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
	err := l.file.list.db.QueryRowContext(l.ctx, query, l.next).
		Scan(&l.next, &row.Size, &row.CRC, &row.Blocks)
	l.ended = errors.Is(err, sql.ErrNoRows)
	if err != nil && !l.ended {
		return err
	}
	if !l.begun {
		l.begun = true
		l.text(listStart) // behind the member's header
	} else {
		l.out = l.out[:0]
		if !l.ended {
			l.text(ListSeparator)
		}
	}
	if l.ended {
		l.text(listEnd)
		l.out = l.end()
		return nil
	}
	l.packed(row, shiftBy(row.Size))
	l.next++
	return nil
}

// parts reads a stored response part by part.
type parts struct {
	bodyKey
	ctx  context.Context
	db   *sql.DB
	next int
	rest []byte
}

func (p *parts) Read(into []byte) (int, error) {
	if len(p.rest) == 0 {
		const query = `SELECT bytes FROM body WHERE name = ? AND encoding = ? AND part = ?`
		err := p.db.QueryRowContext(p.ctx, query, p.name, p.encoding, p.next).Scan(&p.rest)
		if errors.Is(err, sql.ErrNoRows) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, err
		}
		p.next++
	}
	n := copy(into, p.rest)
	p.rest = p.rest[n:]
	return n, nil
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
