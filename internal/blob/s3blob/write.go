package s3blob

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"voc/internal/blob"
)

// The names in an object's metadata.
const (
	markName   = "voc-write" // different for each write
	digestName = "sha256"    // of the body, hexadecimal
)

// PutNew is that of blob.Store. It reads the body twice: to hash it, and to send it.
func (s *Store) PutNew(ctx context.Context, key string, body io.ReadSeeker) (blob.Info, error) {
	info, err := s.write(ctx, key, body, "")
	if errors.Is(err, blob.ErrChanged) {
		err = blob.ErrExist
	}
	return info, s.wrap(ctx, "put", key, err)
}

// Replace is that of blob.Store.
func (s *Store) Replace(ctx context.Context, key string, body []byte, current blob.Version) (blob.Info, error) {
	info, err := s.write(ctx, key, bytes.NewReader(body), current)
	if errors.Is(err, errBusy) {
		err = fmt.Errorf("%w: %w", blob.ErrChanged, err)
	}
	return info, s.wrap(ctx, "replace", key, err)
}

// Delete is that of blob.Store.
func (s *Store) Delete(ctx context.Context, key string) error {
	return s.wrap(ctx, "delete", key, s.remove(ctx, key))
}

func (s *Store) remove(ctx context.Context, key string) error {
	if err := check(ctx, key); err != nil {
		return err
	}
	in := &s3.DeleteObjectInput{}
	in.Bucket, in.Key = s.at(key)
	if _, err := s.writes.DeleteObject(ctx, in); !isAbsent(err) {
		return err
	}
	return nil // some servers mind that it is not there
}

// write swaps the object for body if its version is current, which is zero for an object that does not exist.
func (s *Store) write(ctx context.Context, key string, body io.ReadSeeker, current blob.Version) (blob.Info, error) {
	if err := check(ctx, key); err != nil {
		return blob.Info{}, err
	}
	digest, size, err := hash(ctx, body)
	if err != nil {
		return blob.Info{}, err
	}
	put := newPutting(body, digest, current)
	in := &s3.PutObjectInput{Body: put, ContentLength: &size, Metadata: map[string]string{markName: put.mark, digestName: digest}}
	in.Bucket, in.Key = s.at(key)
	if current == "" {
		in.IfNoneMatch = aws.String("*")
	} else {
		in.IfMatch = aws.String(string(current))
	}
	out, err := s.writes.PutObject(put.watch(ctx), in, put.use)
	if err == nil {
		return blob.Info{Key: key, Version: blob.Version(aws.ToString(out.ETag)), Size: size, Date: dateOf(out.ResultMetadata)}, nil
	}
	return s.failed(ctx, put, key, err)
}

// failed says how a write ended that was not acknowledged.
func (s *Store) failed(ctx context.Context, put *putting, key string, err error) (blob.Info, error) {
	busy, changed := codeOf(err) == conflict, put.metAnother(err)
	switch {
	case put.doubtful && (busy || changed):
		return s.settle(ctx, key, put.mark, err)
	case put.doubtful:
		return blob.Info{}, fmt.Errorf("%w: %w", blob.ErrUncertain, s.advise(ctx, err))
	case busy:
		return blob.Info{}, errBusy
	case changed:
		return blob.Info{}, blob.ErrChanged
	}
	return blob.Info{}, err
}

var errBusy = errors.New("at each try another write of this object was under way")

// settle finds out whether the object that stands in the way is what an earlier try of this write has put there.
func (s *Store) settle(ctx context.Context, key, mark string, cause error) (blob.Info, error) {
	info, found, err := s.head(ctx, key)
	if err == nil && found == mark {
		info.LastModified = time.Time{}
		return info, nil
	}
	return blob.Info{}, fmt.Errorf("%w: %w", blob.ErrUncertain, s.advise(ctx, cmp.Or(err, cause)))
}

// hash reads the body from its first byte to its last, wherever it stands, and leaves it at its beginning.
func hash(ctx context.Context, body io.ReadSeeker) (digest string, size int64, err error) {
	if size, err = body.Seek(0, io.SeekEnd); err != nil {
		return "", 0, err
	}
	if _, err = body.Seek(0, io.SeekStart); err != nil {
		return "", 0, err
	}
	sum := sha256.New()
	if _, err = io.Copy(sum, blob.NewBody(ctx, io.NopCloser(body), size)); err != nil {
		return "", 0, err
	}
	_, err = body.Seek(0, io.SeekStart)
	return hex.EncodeToString(sum.Sum(nil)), size, err
}
