package build

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"os"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"

	"voc/internal/snapshot"
)

// encoder writes one of the encodings that a file holds.
type encoder struct {
	encoding snapshot.Encoding
	w        interface {
		io.WriteCloser
		Reset(io.Writer)
	}
}

// encoders are one for each encoding that a file holds, in the file's order, with the
// buffer for the part that is stored next.
type encoders struct {
	each []encoder
	part []byte // of partSize
}

// encoderPool keeps encoders for the next draft. They take megabytes, which cost more to
// allocate and clear than a snapshot of few records costs otherwise. The garbage
// collector empties the pool, so a host that seals once an hour does not hold them in
// between.
var encoderPool = sync.Pool{New: func() any {
	zip, _ := gzip.NewWriterLevel(nil, gzipLevel) // the level is valid
	return &encoders{
		each: []encoder{
			{snapshot.Gzip, zip},
			{snapshot.Brotli, brotli.NewWriterV2(nil, brotliLevel)},
		},
		part: make([]byte, partSize),
	}
}}

// The levels at which more effort hardly pays. Measured on 5,830 real records, a list of
// 9.5 MB (November 2026): Brotli by the matchfinder at 4 gives 2.12 MB in 126 ms of CPU,
// at 5 2.10 MB in 280 ms; the port of Google's encoder, quality 6 with a window of 256
// KiB, gives 2.20 MB in 319 ms. gzip at 6 gives 2.60 MB in 79 ms, at 7 2.56 MB in 164 ms,
// at 9 2.49 MB in 314 ms.
const (
	gzipLevel   = 6
	brotliLevel = 4
)

// partSize bounds what a reader of a body holds at a time.
const partSize = 256 << 10

// bodies encodes the stored responses of one draft. The list goes through all encoders at
// once, into files, since it is longer than what a host may hold in memory.
type bodies struct {
	*encoders
	insert *sql.Stmt
	list   *bufio.Writer
	files  []*os.File // of the list, one for each encoder
	listed bool       // the list has a record
}

// newBodies begins the list. The caller closes it.
func (d *Draft) newBodies(ctx context.Context) (b *bodies, err error) {
	b = &bodies{encoders: encoderPool.Get().(*encoders)}
	b.insert, err = d.conn.PrepareContext(ctx, `INSERT INTO body VALUES (?, ?, ?, ?)`)
	var sinks []io.Writer
	for _, e := range b.each {
		var file *os.File
		if err == nil {
			file, err = os.CreateTemp(d.dir, "body")
		}
		if err != nil {
			b.close()
			return nil, err
		}
		e.w.Reset(file)
		b.files, sinks = append(b.files, file), append(sinks, e.w)
	}
	b.list = bufio.NewWriterSize(io.MultiWriter(sinks...), 1<<16)
	return b, nil
}

// add appends a record to the list, a JSON array with a record a line. endList returns
// its errors.
func (b *bodies) add(summary []byte) {
	if b.listed {
		_, _ = b.list.WriteString(",\n")
	} else {
		_ = b.list.WriteByte('[')
	}
	_, _ = b.list.Write(summary)
	b.listed = true
}

// endList ends the list and flushes it into its files.
func (b *bodies) endList() error {
	if !b.listed {
		_ = b.list.WriteByte('[')
	}
	_, _ = b.list.WriteString("]\n")
	err := b.list.Flush()
	for _, e := range b.each {
		err = errors.Join(err, e.w.Close())
	}
	return err
}

// storeReport stores a report as it is and in all encodings.
func (b *bodies) storeReport(ctx context.Context, name snapshot.Name, report []byte) error {
	report = append(report, '\n')
	if err := b.store(ctx, name, snapshot.Identity, bytes.NewReader(report)); err != nil {
		return err
	}
	for _, e := range b.each {
		var packed bytes.Buffer
		e.w.Reset(&packed)
		_, _ = e.w.Write(report) // a buffer takes everything
		_ = e.w.Close()
		if err := b.store(ctx, name, e.encoding, &packed); err != nil {
			return err
		}
	}
	return nil
}

// store stores what it reads in parts of partSize.
func (b *bodies) store(
	ctx context.Context, name snapshot.Name, encoding snapshot.Encoding, from io.Reader,
) error {
	for number := 0; ; number++ {
		n, err := io.ReadFull(from, b.part)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		_, err = b.insert.ExecContext(ctx, string(name), string(encoding), number, b.part[:n])
		if err != nil {
			return err
		}
	}
}

// close removes the files of the list and returns the encoders to their pool.
func (b *bodies) close() {
	for _, file := range b.files {
		_ = file.Close()
		_ = os.Remove(file.Name())
	}
	if b.insert != nil {
		_ = b.insert.Close()
	}
	encoderPool.Put(b.encoders)
}
