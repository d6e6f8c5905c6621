package snapshot

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"io"
	"io/fs"

	"github.com/klauspost/compress/gzip"
)

var errNoBody = errors.New("the snapshot does not have it")

// reader returns the whole list in an encoding, read part by part. It holds no connection
// between two reads, so a client may take its time.
func (f *File) reader(ctx context.Context, encoding Encoding) (io.Reader, error) {
	from := bodyKey{List, encoding}
	if encoding == Identity {
		from.encoding = Gzip
	}
	if f.sizes[from] == 0 {
		return nil, errNoBody
	}
	body := &parts{ctx: ctx, file: f, bodyKey: from}
	if encoding == Identity {
		return gzip.NewReader(bufio.NewReader(body))
	}
	return body, nil
}

// parts reads a stored response part by part.
type parts struct {
	bodyKey
	ctx  context.Context
	file *File
	next int
	rest []byte
}

func (p *parts) Read(into []byte) (int, error) {
	if len(p.rest) == 0 {
		const query = `SELECT bytes FROM body WHERE name = ? AND encoding = ? AND part = ?`
		err := p.file.db.QueryRowContext(p.ctx, query, p.name, p.encoding, p.next).Scan(&p.rest)
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
