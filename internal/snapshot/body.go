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

// Encoding of the whole list, by its HTTP name.
type Encoding string

// The encodings that are kept ready. Identity is made of Gzip when a file is first asked for it: it would double the file.
const (
	Identity Encoding = "identity"
	Gzip     Encoding = "gzip"
	Brotli   Encoding = "br"
)

// Name of an answer that depends on nothing but the snapshot.
type Name string

// The answers that are kept ready.
const (
	List         Name = "feedback"
	FacetsReport Name = "facets"
	TimesReport  Name = "response-times"
	PlacesReport Name = "environments"
	PulseReport  Name = "customer-pulse"
)

// Smallest picks, of the encodings that a client takes, the one in which the whole list is smallest; without any of them it is Identity.
func (f *File) Smallest(accepted []Encoding) Encoding {
	best := Identity
	for _, encoding := range accepted {
		size, ok := f.sizes[stored{List, encoding}]
		if ok && (best == Identity || size < f.sizes[stored{List, best}]) {
			best = encoding
		}
	}
	return best
}

// Size is how many bytes the whole list has in an encoding; 0 for one that the snapshot does not hold.
func (f *File) Size(encoding Encoding) int64 { return f.sizes[stored{List, encoding}] }

// Body opens the whole list in an encoding; the caller closes it. The first call for an encoding writes it to a file beside the
// snapshot, later ones only open that.
func (f *File) Body(ctx context.Context, encoding Encoding) (*os.File, int64, error) {
	f.bodies.Lock()
	defer f.bodies.Unlock()
	path := f.bodyPath(encoding)
	size, ok := f.ready[encoding]
	if !ok {
		var err error
		if size, err = f.unpack(ctx, encoding, path); err != nil {
			_ = os.Remove(path) // half a list must not be found again
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
	from := stored{List, encoding}
	if encoding == Identity {
		from.encoding = Gzip
	}
	if f.sizes[from] == 0 {
		return 0, errNotHeld
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	var body io.Reader = &parts{ctx: ctx, file: f, stored: from}
	if encoding == Identity {
		if body, err = gzip.NewReader(bufio.NewReader(body)); err != nil {
			return 0, err
		}
	}
	size, err := io.Copy(file, body)
	return size, errors.Join(err, file.Close())
}

var errNotHeld = errors.New("the snapshot does not hold it")

// parts reads a stored answer a part at a time.
type parts struct {
	stored
	ctx  context.Context
	file *File
	next int
	rest []byte
}

func (p *parts) Read(into []byte) (int, error) {
	if len(p.rest) == 0 {
		err := p.file.db.QueryRowContext(p.ctx, `SELECT bytes FROM body WHERE name = ? AND encoding = ? AND part = ?`, p.name, p.encoding, p.next).Scan(&p.rest)
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
