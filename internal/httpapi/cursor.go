package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/url"
)

// cursor says where a walk over pages has come to, so that the next page needs no memory of the one before. It names the snapshot that it walks, where each
// record has its place for ever.
type cursor struct {
	Snapshot string
	Place    uint32 // in the order, of the last record that was given
	Total    uint32 // how many match
}

// What a cursor's bytes begin with, and how long the checks in it are. A check tells accidents, not forgers: whoever forges a cursor lies to nobody else.
const (
	cursorVersion = 1
	cursorCheck   = 6
)

var (
	errCursor      = errors.New("is none that this API gave out, or was changed since: begin again without it")
	errOtherCursor = errors.New("belongs to other filters, to another sort or to another base: ask as the Link that gave it does, or begin again without it")
)

// encode writes a cursor for walks that ask for the same.
func (c cursor) encode(walk []byte) string {
	out := []byte{cursorVersion}
	out = binary.AppendUvarint(out, uint64(c.Place))
	out = binary.AppendUvarint(out, uint64(c.Total))
	out = append(out, walk[:cursorCheck]...)
	out = append(out, c.Snapshot...)
	check := sha256.Sum256(out)
	return base64.RawURLEncoding.EncodeToString(append(out, check[:cursorCheck]...))
}

// decodeCursor reads one. Errors: errCursor, errOtherCursor.
func decodeCursor(text string, walk []byte) (c cursor, err error) {
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(data) < 1+2*cursorCheck || data[0] != cursorVersion || base64.RawURLEncoding.EncodeToString(data) != text { // decoding skips line ends
		return c, errCursor
	}
	body, given := data[:len(data)-cursorCheck], data[len(data)-cursorCheck:]
	if check := sha256.Sum256(body); !bytes.Equal(given, check[:cursorCheck]) {
		return c, errCursor
	}
	place, rest, ok := number(body[1:])
	total, rest, ok2 := number(rest)
	if !ok || !ok2 || len(rest) < cursorCheck {
		return c, errCursor
	}
	if !bytes.Equal(rest[:cursorCheck], walk[:cursorCheck]) {
		return c, errOtherCursor
	}
	return cursor{Snapshot: string(rest[cursorCheck:]), Place: place, Total: total}, nil
}

func number(data []byte) (n uint32, rest []byte, ok bool) {
	value, length := binary.Uvarint(data)
	if length <= 0 || value > 1<<32-1 {
		return 0, nil, false
	}
	return uint32(value), data[length:], true
}

// walk names what must stay the same from page to page: the base, the filters and the order.
func (r *request) walk(base string) []byte {
	values := url.Values{}
	for name, given := range r.values {
		if name != "limit" && name != "cursor" && name != "format" {
			values[name] = given
		}
	}
	digest := sha256.Sum256([]byte(base + "\n" + values.Encode()))
	return digest[:]
}
