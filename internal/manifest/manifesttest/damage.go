package manifesttest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"voc/internal/blob/blobtest"
	"voc/internal/manifest"
)

// Damages are ways in which a manifest may be damaged, and how that is reported.
var Damages = []struct {
	Name   string
	Change func(manifest []byte) []byte
	Err    error
	Says   string
}{
	{"empty", func([]byte) []byte { return nil }, manifest.ErrDamaged, "damaged"},
	{"one byte", func(m []byte) []byte { return m[:1] }, manifest.ErrDamaged, "damaged"},
	{"cut in the middle", func(m []byte) []byte {
		return m[:len(m)/2]
	}, manifest.ErrDamaged, "damaged"},
	{"its last byte missing", func(m []byte) []byte {
		return m[:len(m)-1]
	}, manifest.ErrDamaged, "damaged"},
	{"a count altered", func(m []byte) []byte {
		return replaced(m, `"airtable_calls":7`, `"airtable_calls":8`)
	}, manifest.ErrDamaged, "SHA-256 does not match"},
	{"an id altered", func(m []byte) []byte {
		return replaced(m, `"current":"full-2`, `"current":"full-1`)
	}, manifest.ErrDamaged, "SHA-256 does not match"},
	{"the digest altered", func(m []byte) []byte {
		return replaced(m, `"sha256":"`, `"sha256":"0`)
	}, manifest.ErrDamaged, "SHA-256 does not match"},
	{"more after its end", func(m []byte) []byte {
		return append(m, m...)
	}, manifest.ErrDamaged, "damaged"},
	{"an object of something else", func([]byte) []byte {
		return []byte(`{"name":"site","icons":[]}`)
	}, manifest.ErrDamaged, "damaged"},
	{"null", func([]byte) []byte { return []byte(`null`) }, manifest.ErrDamaged, "damaged"},
	{"a list", func([]byte) []byte { return []byte(`[1]`) }, manifest.ErrDamaged, "damaged"},
	{"whole, of another shape", func([]byte) []byte {
		return Signed(4, `{"snapshots":7}`)
	}, manifest.ErrDamaged, "damaged"},
	{"format 0", func([]byte) []byte { return Signed(0, `{}`) }, manifest.ErrDamaged, "damaged"},
	{"a format before the first", func([]byte) []byte {
		return Signed(3, `{}`)
	}, manifest.ErrDamaged, "damaged"},
	{"a newer format", func([]byte) []byte {
		return Signed(6, `{}`)
	}, manifest.ErrNewer, "its format is 6, this program knows 5: upgrade"},
	{"gone", func([]byte) []byte { return nil }, manifest.ErrDamaged, "it is missing"},
}

func replaced(text []byte, old, with string) []byte {
	if strings.Count(string(text), old) == 0 {
		panic("there is no " + old)
	}
	return []byte(strings.Replace(string(text), old, with, 1))
}

// Damage applies a row of Damages to the store's manifest.
func Damage(t *testing.T, store *blobtest.Memory, name string, change func([]byte) []byte) {
	t.Helper()
	if name != "gone" {
		Overwrite(t, store, Key, change(Content(t, store, Key)))
	} else if err := store.Delete(t.Context(), Key); err != nil {
		t.Fatal(err)
	}
}

// Ruins are ways in which a snapshot in a store may be damaged; each is rejected as
// damaged.
var Ruins = []struct {
	Name string
	Ruin func(t testing.TB, object []byte) []byte // nil: the object is gone
}{
	{"gone", func(testing.TB, []byte) []byte { return nil }},
	{"empty", func(testing.TB, []byte) []byte { return []byte{} }},
	{"a byte altered at the start", func(_ testing.TB, o []byte) []byte { o[0] ^= 1; return o }},
	{"a byte altered in the middle", func(_ testing.TB, o []byte) []byte {
		o[len(o)/2] ^= 1
		return o
	}},
	{"cut", func(_ testing.TB, o []byte) []byte { return o[:len(o)-5] }},
	{"not compressed", func(testing.TB, []byte) []byte { return []byte("SQLite format 3\x00") }},
	{"another content of the same size", func(t testing.TB, _ []byte) []byte {
		return Packed(t, bytes.ToUpper([]byte("the snapshot of full-1")))
	}},
	{"a shorter content", func(t testing.TB, _ []byte) []byte {
		return Packed(t, []byte("the snapshot of full-"))
	}},
	{"a longer content", func(t testing.TB, _ []byte) []byte {
		return Packed(t, []byte("the snapshot of full-1 and more"))
	}},
	{"two contents", func(_ testing.TB, o []byte) []byte { return append(o, o...) }},
}

// Ruin replaces or deletes the object at key.
func Ruin(t testing.TB, store *blobtest.Memory, key string, with func(testing.TB, []byte) []byte) {
	t.Helper()
	ruined := with(t, Content(t, store, key))
	if ruined != nil {
		Overwrite(t, store, key, ruined)
	} else if err := store.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
}

// Packed compresses content as a snapshot's object.
func Packed(t testing.TB, content []byte) []byte {
	t.Helper()
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return encoder.EncodeAll(content, nil)
}

// Signed wraps a manifest's text in the form that a store holds.
func Signed(format int, manifest string) []byte {
	digest := sha256.Sum256([]byte(manifest))
	return fmt.Appendf(nil, `{"format":%d,"sha256":%q,"manifest":%s}`,
		format, hex.EncodeToString(digest[:]), manifest)
}

// Entries lists the names in a directory.
func Entries(t testing.TB, dir string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range all {
		names = append(names, entry.Name())
	}
	return names
}
