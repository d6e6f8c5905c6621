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

// putting is one PUT under way: its body, and the judge of its tries.
type putting struct {
	io.ReadSeeker
	*retry.Standard
	digest  string
	current blob.Version
	mark    string // no other write has it

	broken    atomic.Bool // the body could not be read to its end
	connected atomic.Bool // this try has a connection
	doubtful  bool        // a try that failed may have worked
}

func newPutting(body io.ReadSeeker, digest string, current blob.Version) *putting {
	return &putting{ReadSeeker: body, Standard: newRetryer(), digest: digest, current: current, mark: rand.Text()}
}

// Read implements io.Reader.
func (p *putting) Read(into []byte) (int, error) {
	n, err := p.ReadSeeker.Read(into)
	if err != nil && !errors.Is(err, io.EOF) {
		p.broken.Store(true)
	}
	return n, err
}

// IsErrorRetryable implements aws.Retryer. The SDK asks it about every try that failed, the last one too.
func (p *putting) IsErrorRetryable(err error) bool {
	p.doubtful = p.doubtful || p.mayHaveWorked(err)
	p.connected.Store(false)
	return p.Standard.IsErrorRetryable(err)
}

func (p *putting) mayHaveWorked(err error) bool {
	status := statusOf(err)
	refused := 300 <= status && status < 500
	return !refused && p.connected.Load() && !p.broken.Load()
}

// metAnother says whether S3 refused the PUT since the object has another version than it named: another one, any, or none any more.
func (p *putting) metAnother(err error) bool {
	gone := isAbsent(err) || codeOf(err) == parentIsFile
	return statusOf(err) == http.StatusPreconditionFailed || gone && p.current != ""
}

// parentIsFile is what servers that keep objects as files say of a/b while a is an object.
const parentIsFile = "ObjectParentIsFile"

// watch notices when a try gets its connection.
func (p *putting) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { p.connected.Store(true) }})
}

// use makes the SDK ask p about failed tries, and sign over the digest that is known already.
func (p *putting) use(o *s3.Options) {
	o.Retryer = p
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("DigestOfBody", p.sign), middleware.Before)
	})
}

func (p *putting) sign(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	return next.HandleInitialize(v4.SetPayloadHash(ctx, p.digest), in)
}
