package airtablesim

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
)

const (
	baseName  = "Customer feedback"
	tableName = "Lead Bugs"
	gridView  = "Grid view"
)

// Base is what an emulator starts with: one Airtable base with one table, made
// by [Sample] or [Load]. It never changes, since [New] works on a copy, and may
// be shared by any number of servers and goroutines.
type Base struct {
	id    string
	table *table
}

// ID is the base's id, app…. It depends on all of the data, so that two samples
// never share a store.
func (b *Base) ID() string { return b.id }

// TableID is the id of the base's table, tbl….
func (b *Base) TableID() string { return b.table.id }

// TableName is the name of the base's table, "Lead Bugs".
func (b *Base) TableName() string { return b.table.name }

// FieldID is the id of a field, fld…, or "" when the base has none of that name.
// In one base it depends on the name alone.
func (b *Base) FieldID(name string) string {
	if f := b.table.named(name); f != nil {
		return f.id
	}
	return ""
}

// Len is the number of records.
func (b *Base) Len() int { return len(b.table.sequence) }

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// ident makes an id as Airtable's look, a prefix and 14 of 62 characters, that
// depends on the seed alone.
func ident(prefix string, seed ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(append(seed, prefix), "\x00")))
	id := []byte(prefix)
	for n, i := binary.BigEndian.Uint64(sum[:]), 0; i < 14; i++ {
		if i == 7 {
			n = binary.BigEndian.Uint64(sum[8:])
		}
		id = append(id, alphabet[n%62])
		n /= 62
	}
	return string(id)
}
