package snapshot

import (
	"encoding/binary"
	"hash/crc32"
)

// member is a gzip member (RFC 1952) that is put together from blocks.
type member struct {
	out  []byte
	sum  uint32 // CRC-32 of the text so far
	size uint32 // of the text so far, modulo 2^32
}

// newMember begins a member behind out.
func newMember(out []byte) *member {
	// No name, no time, no level, system unknown.
	return &member{out: append(out, 31, 139, 8, 0, 0, 0, 0, 0, 0, 255)}
}

// text appends a short text as a block that is not compressed (RFC 1951 §3.2.4).
func (m *member) text(text string) {
	size := uint16(len(text)) // #nosec G115 -- the text is short
	m.out = append(m.out, 0)  // not the last block
	m.out = binary.LittleEndian.AppendUint16(m.out, size)
	m.out = binary.LittleEndian.AppendUint16(m.out, ^size)
	m.out = append(m.out, text...)
	m.sum = crc32.Update(m.sum, crc32.IEEETable, []byte(text))
	m.size += uint32(size)
}

// row appends a packed row.
func (m *member) row(row row) {
	m.out = append(m.out, row.bytes...)
	m.sum = multiply(row.shift, m.sum) ^ row.sum
	m.size += row.size
}

// end appends an empty last block and the trailer, and returns the member.
func (m *member) end() []byte {
	m.out = append(m.out, 1, 0, 0, 255, 255)
	m.out = binary.LittleEndian.AppendUint32(m.out, m.sum)
	return binary.LittleEndian.AppendUint32(m.out, m.size)
}

// A CRC-32 is a polynomial over GF(2) modulo the one of IEEE 802.3; the highest bit of a number is
// the constant term. The CRC of two texts is that of the first, times x to the power of the bits of
// the second, plus that of the second. This is how zlib's crc32_combine works
// (https://github.com/madler/zlib/blob/v1.3.1/crc32.c).

// shiftBy returns x to the power of 8 × size.
func shiftBy(size uint32) uint32 {
	power, square := uint32(1)<<31, uint32(1)<<23 // 1 and x^8
	for ; size > 0; size >>= 1 {
		if size&1 == 1 {
			power = multiply(square, power)
		}
		square = multiply(square, square)
	}
	return power
}

func multiply(a, b uint32) (product uint32) {
	for ; a != 0; a <<= 1 {
		if a>>31 == 1 {
			product ^= b
		}
		b = b>>1 ^ crc32.IEEE&-(b&1)
	}
	return product
}
