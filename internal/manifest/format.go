package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"voc/internal/blob"
	"voc/internal/snapshot"
)

// Errors about the format.
var (
	// ErrDamaged is returned for a manifest or snapshot that is missing or differs from
	// what was written.
	ErrDamaged = errors.New("damaged")
	// ErrNewer is returned for a manifest of a newer format.
	ErrNewer = errors.New("written by a newer version of voc")
	// ErrTooLarge is returned for a manifest that would be too large to read, because it
	// has too many snapshots.
	ErrTooLarge = errors.New("the manifest is too large")
)

// sizeLimit bounds a manifest, in bytes: 200 receipts and 60 snapshots take about a
// fiftieth of it.
const sizeLimit = 16 << 20

// envelope is what the store holds. The digest is over the manifest's bytes as they stand.
type envelope struct {
	Format   int             `json:"format"`
	SHA256   string          `json:"sha256"`
	Manifest json.RawMessage `json:"manifest"`
}

// encode writes a manifest. Error: ErrTooLarge.
func (m Manifest) encode() ([]byte, error) {
	inner, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(inner)
	whole, err := json.Marshal(envelope{
		Format: snapshot.Format, SHA256: hex.EncodeToString(digest[:]), Manifest: inner,
	})
	if len(whole) > sizeLimit {
		return nil, fmt.Errorf("%w: %d bytes, limit %d", ErrTooLarge, len(whole), sizeLimit)
	}
	return whole, err
}

// readManifest reads a manifest from an object, and closes it. Errors: ErrNewer, ErrDamaged.
func readManifest(object *blob.Object) (Manifest, error) {
	defer object.Body.Close()
	data, err := io.ReadAll(io.LimitReader(object.Body, sizeLimit))
	if err != nil {
		return Manifest{}, fmt.Errorf("unreadable: %w", err)
	}
	return decode(data)
}

// decode reads a manifest. Errors: ErrNewer, ErrDamaged.
func decode(data []byte) (Manifest, error) {
	var e envelope
	if err := json.Unmarshal(data, &e); err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if e.Format > snapshot.Format {
		return Manifest{}, fmt.Errorf("%w: its format is %d, this program knows %d: upgrade",
			ErrNewer, e.Format, snapshot.Format)
	}
	digest := sha256.Sum256(e.Manifest)
	if e.Format < snapshot.OldestFormat || hex.EncodeToString(digest[:]) != e.SHA256 {
		return Manifest{}, fmt.Errorf("%w: its SHA-256 does not match", ErrDamaged)
	}
	var m Manifest
	if err := json.Unmarshal(e.Manifest, &m); err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return m, nil
}
