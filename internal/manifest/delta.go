package manifest

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/RoaringBitmap/roaring/v2"
)

// A delta turns one SQLite file, its base, into another. It has a record for each page that
// differs, in ascending order: the number of the page, as SQLite counts them (from 1; four
// bytes, the highest first), and its bytes. The other pages are the base's.
//
// A delta has all pages of its parent's delta of the same base, and those in which the file
// differs from the parent's. So it also applies to a file that an earlier delta of the base
// has made: a host that has one fetches no more than the newest delta.

const (
	numberSize = 4
	// headerSize is how much of a SQLite file tells the size of its pages
	// (sqlite.org/fileformat2.html, section 1.3).
	headerSize = 18
	// deltaShare is the share of a file's pages, as a divisor, that a delta may have. A larger
	// one would save little, and every host without its base fetches both.
	deltaShare = 4
	// bufferSize is how many bytes of a file are read or written at a time.
	bufferSize = 64 << 10
)

// pageSize returns the size of a SQLite file's pages, 0 for a header of something else.
func pageSize(header []byte) int64 {
	if len(header) < headerSize || !bytes.HasPrefix(header, []byte("SQLite format 3\x00")) {
		return 0
	}
	size := int64(binary.BigEndian.Uint16(header[16:]))
	if size == 1 {
		size = 1 << 16
	}
	if size < 512 || size&(size-1) != 0 {
		return 0
	}
	return size
}

// delta reads a delta of a file. The memory that it takes is that of a page.
type delta struct {
	file     io.ReaderAt
	pageSize int64
	length   int64 // of the delta, in bytes
	next     roaring.IntPeekable
	rest     []byte // of the record that is being read
}

// Read implements io.Reader.
func (d *delta) Read(into []byte) (int, error) {
	if len(d.rest) == 0 {
		if !d.next.HasNext() {
			return 0, io.EOF
		}
		record, number := make([]byte, numberSize+d.pageSize), d.next.Next()
		binary.BigEndian.PutUint32(record, number)
		if _, err := d.file.ReadAt(record[numberSize:], int64(number-1)*d.pageSize); err != nil {
			return 0, err
		}
		d.rest = record
	}
	n := copy(into, d.rest)
	d.rest = d.rest[n:]
	return n, nil
}

// newDelta compares a file of so many bytes with an earlier one and returns its delta of that
// one's base. It returns nil if a delta does not pay, or if the
// earlier file has changed since it was fetched: pages that both files share could be no host's.
func newDelta(file *os.File, size int64, was Local) (*delta, error) {
	before, err := os.Open(was.Path)
	if err != nil {
		return nil, err
	}
	defer before.Close()
	is := bufio.NewReaderSize(io.NewSectionReader(file, 0, size), bufferSize)
	digest := sha256.New()
	old := bufio.NewReaderSize(io.TeeReader(before, digest), bufferSize)
	header, _ := is.Peek(headerSize) // a shorter file has no pages
	oldHeader, _ := old.Peek(headerSize)
	page := pageSize(header)
	if page == 0 || page != pageSize(oldHeader) || size%page != 0 {
		return nil, nil
	}
	count, ofBase, changed, pages := size/page, was.base().Bytes/page, int64(0), roaring.New()
	isPage, oldPage := make([]byte, page), make([]byte, page)
	for n := uint32(1); int64(n) <= count; n++ {
		if _, err := io.ReadFull(is, isPage); err != nil {
			return nil, err
		}
		_, err := io.ReadFull(old, oldPage)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, err
		}
		if err == nil && bytes.Equal(isPage, oldPage) && int64(n) <= ofBase && !was.changed(n) {
			continue
		}
		pages.Add(n)
		if changed++; changed > count/deltaShare {
			return nil, nil
		}
	}
	if _, err := io.Copy(io.Discard, old); err != nil {
		return nil, err
	}
	if hex.EncodeToString(digest.Sum(nil)) != was.Part.SHA256 {
		return nil, nil
	}
	return &delta{
		file: file, pageSize: page, length: changed * (numberSize + page), next: pages.Iterator(),
	}, nil
}

// merge writes the file of so many bytes that a delta makes of a base, and returns the pages
// that are the delta's. It reads no more of either than such a file can need.
func merge(into io.Writer, base, delta io.Reader, size int64) (*roaring.Bitmap, error) {
	from, to := bufio.NewReaderSize(base, bufferSize), bufio.NewWriterSize(into, bufferSize)
	header, err := from.Peek(headerSize)
	if err != nil {
		return nil, fmt.Errorf("read its base: %w", err)
	}
	page := pageSize(header)
	if page == 0 || size < 0 || size%page != 0 {
		return nil, fmt.Errorf("its base has no pages of which %d bytes consist", size)
	}
	count, pages, record := size/page, roaring.New(), make([]byte, numberSize+page)
	basePage := make([]byte, page)
	next, err := nextPage(delta, record, 0)
	for n := int64(1); n <= count && err == nil; n++ {
		_, readErr := io.ReadFull(from, basePage) // a base may have fewer pages than the file
		switch {
		case n == next:
			pages.Add(uint32(n))
			if _, err = to.Write(record[numberSize:]); err == nil {
				next, err = nextPage(delta, record, n)
			}
		case readErr != nil:
			err = fmt.Errorf("read page %d of its base: %w", n, readErr)
		default:
			_, err = to.Write(basePage)
		}
	}
	if err == nil && next != 0 {
		err = fmt.Errorf("its delta has page %d of %d", next, count)
	}
	if err != nil {
		return nil, err
	}
	return pages, to.Flush()
}

// nextPage reads a record of a delta, which follows page last, and returns its number; 0 at the
// end.
func nextPage(delta io.Reader, record []byte, last int64) (int64, error) {
	if _, err := io.ReadFull(delta, record); err == io.EOF {
		return 0, nil
	} else if err != nil {
		return 0, fmt.Errorf("read its delta after page %d: %w", last, err)
	}
	number := int64(binary.BigEndian.Uint32(record))
	if number <= last {
		return 0, fmt.Errorf("its delta has page %d after page %d", number, last)
	}
	return number, nil
}
