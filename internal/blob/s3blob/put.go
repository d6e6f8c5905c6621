package s3blob

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
)

// putRequest is the body of one PUT and the retryer that judges whether a failed try may
// have succeeded.
type putRequest struct {
	io.ReadSeeker
	*retry.Standard
	digest string

	broken    atomic.Bool // reading the body failed
	connected atomic.Bool // the current try has a connection
	uncertain bool        // a failed try may have succeeded
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
