package s3blob

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"voc/internal/blob"
)

// Names in the metadata of an object.
const (
	markName   = "voc-write" // unique to each write
	digestName = "sha256"    // of the body, hexadecimal
)

// PutNew implements blob.Store. It reads the body twice: to hash it, and to send it.
func (s *Store) PutNew(
	ctx context.Context, key string, body io.ReadSeeker,
) (blob.Info, error) {
	info, err := s.write(ctx, key, body, "")
	if errors.Is(err, blob.ErrChanged) {
		err = blob.ErrExist
	}
	return info, s.wrap(ctx, "put", key, err)
}

// Replace implements blob.Store.
func (s *Store) Replace(
	ctx context.Context, key string, body []byte, current blob.Version,
) (blob.Info, error) {
	info, err := s.write(ctx, key, bytes.NewReader(body), current)
	if errors.Is(err, errBusy) {
		err = fmt.Errorf("%w: %w", blob.ErrChanged, err)
	}
	return info, s.wrap(ctx, "replace", key, err)
}

// Delete implements blob.Store.
func (s *Store) Delete(ctx context.Context, key string) error {
	err := check(ctx, key)
	if err == nil {
		in := &s3.DeleteObjectInput{}
		in.Bucket, in.Key = s.address(key)
		_, err = s.writes.DeleteObject(ctx, in)
	}
	if isMissing(err) { // which some servers report as an error
		return nil
	}
	return s.wrap(ctx, "delete", key, err)
}

// write replaces the object by body if its version is current, which is zero for a
// missing object.
func (s *Store) write(
	ctx context.Context, key string, body io.ReadSeeker, current blob.Version,
) (blob.Info, error) {
	if err := check(ctx, key); err != nil {
		return blob.Info{}, err
	}
	digest, size, err := hash(ctx, body)
	if err != nil {
		return blob.Info{}, err
	}
	mark := rand.Text()
	put := &putRequest{ReadSeeker: body, Standard: newRetryer(), digest: digest}
	in := &s3.PutObjectInput{
		Body: put, ContentLength: &size,
		Metadata: map[string]string{markName: mark, digestName: digest},
	}
	in.Bucket, in.Key = s.address(key)
	if current == "" {
		in.IfNoneMatch = aws.String("*")
	} else {
		in.IfMatch = aws.String(string(current))
	}
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { put.connected.Store(true) },
	})
	out, err := s.writes.PutObject(traced, in, put.configure)
	if err == nil {
		return infoOf(key, out.ETag, &size, nil, out.ResultMetadata), nil
	}
	busy := codeOf(err) == conflict
	gone := isMissing(err) || codeOf(err) == parentIsFile
	changed := statusOf(err) == http.StatusPreconditionFailed || gone && current != ""
	switch {
	case put.uncertain && (busy || changed):
		return s.resolve(ctx, key, mark, err)
	case put.uncertain:
		return blob.Info{}, fmt.Errorf("%w: %w", blob.ErrUncertain, s.advise(ctx, err))
	case busy:
		return blob.Info{}, errBusy
	case changed:
		return blob.Info{}, blob.ErrChanged
	}
	return blob.Info{}, err
}

// parentIsFile is the code for a/b while a is an object, from servers that keep objects
// as files.
const parentIsFile = "ObjectParentIsFile"

var errBusy = errors.New("each try met a concurrent write of this object")

// resolve finds out whether an earlier try of this write created the object that a later
// try met.
func (s *Store) resolve(ctx context.Context, key, mark string, cause error) (blob.Info, error) {
	info, found, err := s.head(ctx, key)
	if err == nil && found == mark {
		info.LastModified = time.Time{}
		return info, nil
	}
	return blob.Info{}, fmt.Errorf("%w: %w", blob.ErrUncertain, s.advise(ctx, cmp.Or(err, cause)))
}

// hash reads the whole body, whatever its offset, and rewinds it to the start.
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
