package snapshot

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"

	"github.com/andybalholm/brotli"
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

// encoder makes one of the encodings that a file holds.
type encoder struct {
	encoding Encoding
	z        interface {
		io.WriteCloser
		Reset(io.Writer)
	}
}

// newEncoders are those of the encodings that a file holds, in its order, for one draft: they take some megabytes. A list is encoded once to be sent many times, so hard
// enough to be worth it. Measured on the real sample (9.5 MB, November 2026): gzip 9 gives 2.49 MB, Brotli 2.20 MB with 8 MB of memory; Brotli's full window would give
// 2.12 MB and make 200 MB of garbage on the way.
func newEncoders() []encoder {
	hard, _ := gzip.NewWriterLevel(nil, gzip.BestCompression) // the level is valid
	return []encoder{{Gzip, hard}, {Brotli, brotli.NewWriterOptions(nil, brotli.WriterOptions{Quality: 6, LGWin: 18})}}
}

// partSize bounds what a reader of body holds at a time.
const partSize = 256 << 10

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

// encodeList writes the list once through all encoders, into files, and then takes these in: SQLite can not read and write on one connection at a time.
func (d *Draft) encodeList(ctx context.Context, encoders []encoder) error {
	var files []*os.File
	var sinks []io.Writer
	for _, e := range encoders {
		file, err := os.CreateTemp(d.dir, "body")
		if err != nil {
			return err
		}
		defer func() { _ = file.Close(); _ = os.Remove(file.Name()) }()
		e.z.Reset(file)
		files, sinks = append(files, file), append(sinks, e.z)
	}
	if err := d.writeList(ctx, io.MultiWriter(sinks...)); err != nil {
		return err
	}
	for _, e := range encoders {
		if err := e.z.Close(); err != nil {
			return err
		}
	}
	for i, file := range files {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if err := d.storeBody(ctx, List, encoders[i].encoding, file); err != nil {
			return err
		}
	}
	return nil
}

// encodeReport keeps a report as it is and in all encodings.
func (d *Draft) encodeReport(ctx context.Context, encoders []encoder, name Name, report []byte) error {
	report = append(report, '\n')
	if err := d.storeBody(ctx, name, Identity, bytes.NewReader(report)); err != nil {
		return err
	}
	for _, e := range encoders {
		var packed bytes.Buffer
		e.z.Reset(&packed)
		_, _ = e.z.Write(report) // memory takes all
		_ = e.z.Close()
		if err := d.storeBody(ctx, name, e.encoding, &packed); err != nil {
			return err
		}
	}
	return nil
}

// writeList writes the JSON array, a record a line.
func (d *Draft) writeList(ctx context.Context, w io.Writer) error {
	out := bufio.NewWriterSize(w, 1<<16)
	rows, err := d.conn.QueryContext(ctx, `SELECT json FROM summary ORDER BY pos`)
	if err != nil {
		return err
	}
	defer rows.Close()
	separator := "["
	for rows.Next() {
		var summary []byte
		if err := rows.Scan(&summary); err != nil {
			return err
		}
		_, _ = out.WriteString(separator) // bufio keeps the first error for Flush
		_, _ = out.Write(summary)
		separator = ",\n"
	}
	if separator == "[" {
		_, _ = out.WriteString(separator)
	}
	_, _ = out.WriteString("]\n")
	return errors.Join(rows.Err(), out.Flush())
}

func (d *Draft) storeBody(ctx context.Context, name Name, encoding Encoding, from io.Reader) error {
	part := make([]byte, partSize)
	for number := 0; ; number++ {
		n, err := io.ReadFull(from, part)
		if err == io.EOF {
			return nil
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		if err := d.exec(ctx, statement{`INSERT INTO body VALUES (?, ?, ?, ?)`, []any{name, encoding, number, part[:n]}}); err != nil {
			return err
		}
	}
}
