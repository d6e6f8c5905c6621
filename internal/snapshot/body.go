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

// kept are the encodings that a file holds, in its order. A list is encoded once to be sent many times, so hard enough to be worth it. Measured on the
// real sample (9.5 MB, November 2026): gzip 9 gives 2.49 MB, Brotli 2.20 MB with 8 MB of memory; Brotli's full window would give 2.12 MB and make
// 200 MB of garbage on the way.
var kept = []struct {
	encoding Encoding
	encoder  func(io.Writer) io.WriteCloser
}{
	{Gzip, func(w io.Writer) io.WriteCloser { z, _ := gzip.NewWriterLevel(w, gzip.BestCompression); return z }},
	{Brotli, func(w io.Writer) io.WriteCloser {
		return brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: 6, LGWin: 18})
	}},
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
func (d *Draft) encodeList(ctx context.Context) error {
	var files []*os.File
	var sinks []io.Writer
	var encoders []io.Closer
	for _, k := range kept {
		file, err := os.CreateTemp(d.dir, "body")
		if err != nil {
			return err
		}
		defer func() { _ = file.Close(); _ = os.Remove(file.Name()) }()
		z := k.encoder(file)
		files, sinks, encoders = append(files, file), append(sinks, z), append(encoders, z)
	}
	if err := d.writeList(ctx, io.MultiWriter(sinks...)); err != nil {
		return err
	}
	for _, encoder := range encoders {
		if err := encoder.Close(); err != nil {
			return err
		}
	}
	for i, file := range files {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if err := d.storeBody(ctx, List, kept[i].encoding, file); err != nil {
			return err
		}
	}
	return nil
}

// encodeReport keeps a report as it is and in all encodings.
func (d *Draft) encodeReport(ctx context.Context, name Name, report []byte) error {
	report = append(report, '\n')
	if err := d.storeBody(ctx, name, Identity, bytes.NewReader(report)); err != nil {
		return err
	}
	for _, k := range kept {
		var packed bytes.Buffer
		z := k.encoder(&packed)
		_, _ = z.Write(report) // memory takes all
		_ = z.Close()
		if err := d.storeBody(ctx, name, k.encoding, &packed); err != nil {
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
