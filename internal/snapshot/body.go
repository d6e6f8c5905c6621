package snapshot

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
)

// Encoding is the HTTP name of a content encoding.
type Encoding string

// The encodings in which a file has the list and the reports. The list as Identity is
// unpacked from Gzip on first use: stored, it would lengthen the file by a quarter.
const (
	Identity Encoding = "identity"
	Gzip     Encoding = "gzip"
	Brotli   Encoding = "br"
)

// Name is the name of a stored response: one that depends on nothing but the snapshot.
type Name string

// The stored responses.
const (
	List         Name = "feedback"
	FacetsReport Name = "facets"
	TimesReport  Name = "response-times"
	PlacesReport Name = "environments"
	PulseReport  Name = "customer-pulse"
)

// Smallest returns which of the accepted encodings makes the whole list smallest;
// Identity if the file has none of them.
func (f *File) Smallest(accepted []Encoding) Encoding {
	best := Identity
	for _, encoding := range accepted {
		size, ok := f.sizes[bodyKey{List, encoding}]
		if ok && (best == Identity || size < f.sizes[bodyKey{List, best}]) {
			best = encoding
		}
	}
	return best
}

// Size returns the length of the whole list in an encoding, in bytes; 0 if the file does
// not have it.
func (f *File) Size(encoding Encoding) int64 { return f.sizes[bodyKey{List, encoding}] }

// Body opens the whole list in an encoding and returns its size; the caller closes it.
// The first call for an encoding unpacks the list into a file beside the snapshot, later
// ones only open that.
func (f *File) Body(ctx context.Context, encoding Encoding) (*os.File, int64, error) {
	f.bodies.Lock()
	defer f.bodies.Unlock()
	path := f.bodyPath(encoding)
	size, ok := f.ready[encoding]
	if !ok {
		var err error
		if size, err = f.unpack(ctx, encoding, path); err != nil {
			_ = os.Remove(path) // half a list must not be served
			return nil, 0, wrap("unpack the list as "+string(encoding), err)
		}
		f.ready[encoding] = size
	}
	file, err := os.Open(path)
	return file, size, wrap("open the list", err)
}

func (f *File) bodyPath(encoding Encoding) string { return f.path + "." + string(encoding) }

// unpack writes the whole list to path.
func (f *File) unpack(ctx context.Context, encoding Encoding, path string) (int64, error) {
	from := bodyKey{List, encoding}
	if encoding == Identity {
		from.encoding = Gzip
	}
	if f.sizes[from] == 0 {
		return 0, errNoBody
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	var body io.Reader = &parts{ctx: ctx, file: f, bodyKey: from}
	if encoding == Identity {
		if body, err = gzip.NewReader(bufio.NewReader(body)); err != nil {
			return 0, err
		}
	}
	size, err := io.Copy(file, body)
	return size, errors.Join(err, file.Close())
}

var errNoBody = errors.New("the snapshot does not have it")

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
