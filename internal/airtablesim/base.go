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

// Base is the initial content of an emulator: one Airtable base with one table, created
// by [Sample] or [Load]. It never changes, since [New] copies it, and is safe for
// concurrent use by any number of servers.
type Base struct {
	id    string
	table *table
}

// ID returns the id of the base, app…. It depends on all the data, so that two samples
// never share a store.
func (b *Base) ID() string { return b.id }

// TableID returns the id of the base's table, tbl….
func (b *Base) TableID() string { return b.table.id }

// TableName returns the name of the base's table, "Lead Bugs".
func (b *Base) TableName() string { return b.table.name }

// FieldID returns the id of a field, fld…, or "" if there is none of that name. Within a
// base it depends on the name alone.
func (b *Base) FieldID(name string) string {
	if f := b.table.named(name); f != nil {
		return f.id
	}
	return ""
}

// Len returns the number of records.
func (b *Base) Len() int { return len(b.table.sequence) }

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// ident returns an id in Airtable's form, a prefix and 14 of 62 characters, that depends
// on the seed alone.
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
