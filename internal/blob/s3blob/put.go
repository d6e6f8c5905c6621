package s3blob

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"

	"voc/internal/blob"
)

// putRequest is the body of one PUT and the retryer that judges whether a failed try may
// have succeeded.
type putRequest struct {
	io.ReadSeeker
	*retry.Standard
	digest  string
	current blob.Version
	mark    string // unique to this write

	broken    atomic.Bool // reading the body failed
	connected atomic.Bool // the current try has a connection
	uncertain bool        // a failed try may have succeeded
}

func newPutRequest(body io.ReadSeeker, digest string, current blob.Version) *putRequest {
	return &putRequest{
		ReadSeeker: body, Standard: newRetryer(),
		digest: digest, current: current, mark: rand.Text(),
	}
}

// Read implements io.Reader.
func (p *putRequest) Read(into []byte) (int, error) {
	n, err := p.ReadSeeker.Read(into)
	if err != nil && !errors.Is(err, io.EOF) {
		p.broken.Store(true)
	}
	return n, err
}

// IsErrorRetryable implements aws.Retryer. The SDK calls it for every failed try,
// including the last. A try may have succeeded unless S3 rejected it, it never had a
// connection, or the body could not be read.
func (p *putRequest) IsErrorRetryable(err error) bool {
	status := statusOf(err)
	rejected := 300 <= status && status < 500
	if !rejected && p.connected.Load() && !p.broken.Load() {
		p.uncertain = true
	}
	p.connected.Store(false)
	return p.Standard.IsErrorRetryable(err)
}

// versionDiffers reports whether S3 rejected the PUT because the object does not have the
// version that the PUT names.
func (p *putRequest) versionDiffers(err error) bool {
	gone := isMissing(err) || codeOf(err) == parentIsFile
	return statusOf(err) == http.StatusPreconditionFailed || gone && p.current != ""
}

// parentIsFile is the code for a/b while a is an object, from servers that keep objects
// as files.
const parentIsFile = "ObjectParentIsFile"

// trace records when a try gets its connection.
func (p *putRequest) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { p.connected.Store(true) },
	})
}

// configure makes p the retryer and signs the request over the digest, which is already
// computed.
func (p *putRequest) configure(o *s3.Options) {
	o.Retryer = p
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		sign := middleware.InitializeMiddlewareFunc("DigestOfBody", p.sign)
		return stack.Initialize.Add(sign, middleware.Before)
	})
}

func (p *putRequest) sign(
	ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
) (middleware.InitializeOutput, middleware.Metadata, error) {
	return next.HandleInitialize(v4.SetPayloadHash(ctx, p.digest), in)
}
