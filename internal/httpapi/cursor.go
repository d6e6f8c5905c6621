package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/url"
	"slices"
)

// cursor is where a page ends, so that the next one needs no state on the server. It names the
// snapshot of the list, in which the place of a record never changes.
type cursor struct {
	Snapshot string
	Place    uint32 // of the page's last record in the order
	Total    uint32 // how many records match
}

// cursorVersion is the first byte of a cursor; cursorCheck is the size of its checksums in bytes.
// They detect accidents, not forgeries: a forged cursor deceives only its own client.
const (
	cursorVersion = 1
	cursorCheck   = 6
)

var (
	errCursor = errors.New("is damaged, or not from this API: begin again without it")

	errOtherCursor = errors.New("belongs to other filters, another sort or another base: " +
		"use the parameters of the Link that it is from, or begin again without it")
)

// encode returns the text of a cursor for a list with the given identity.
func (c cursor) encode(list []byte) string {
	out := []byte{cursorVersion}
	out = binary.AppendUvarint(out, uint64(c.Place))
	out = binary.AppendUvarint(out, uint64(c.Total))
	out = append(out, list[:cursorCheck]...)
	out = append(out, c.Snapshot...)
	check := sha256.Sum256(out)
	return base64.RawURLEncoding.EncodeToString(append(out, check[:cursorCheck]...))
}

// decodeCursor reads a cursor. Errors: errCursor, errOtherCursor.
func decodeCursor(text string, list []byte) (c cursor, err error) {
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(data) < 1+2*cursorCheck || data[0] != cursorVersion ||
		base64.RawURLEncoding.EncodeToString(data) != text { // the decoder ignores line ends
		return c, errCursor
	}
	body, given := data[:len(data)-cursorCheck], data[len(data)-cursorCheck:]
	if check := sha256.Sum256(body); !bytes.Equal(given, check[:cursorCheck]) {
		return c, errCursor
	}
	place, rest, ok := cutNumber(body[1:])
	total, rest, ok2 := cutNumber(rest)
	if !ok || !ok2 || len(rest) < cursorCheck {
		return c, errCursor
	}
	if !bytes.Equal(rest[:cursorCheck], list[:cursorCheck]) {
		return c, errOtherCursor
	}
	return cursor{Snapshot: string(rest[cursorCheck:]), Place: place, Total: total}, nil
}

func cutNumber(data []byte) (n uint32, rest []byte, ok bool) {
	value, length := binary.Uvarint(data)
	if length <= 0 || value > 1<<32-1 {
		return 0, nil, false
	}
	return uint32(value), data[length:], true
}

// unbound are the parameters that may change from page to page.
var unbound = []string{"limit", "cursor", "format", "fields"}

// listIdentity is a digest of what all pages of a list share: the base, the filters and the order.
func (r *request) listIdentity(base string) []byte {
	values := url.Values{}
	for name, given := range r.values {
		if !slices.Contains(unbound, name) {
			values[name] = given
		}
	}
	digest := sha256.Sum256([]byte(base + "\n" + values.Encode()))
	return digest[:]
}
