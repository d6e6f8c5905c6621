package s3blob

import (
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	dialTimeout = 5 * time.Second

	// readTimeout limits the time to the first byte of a response to a read. S3 takes 0.1 to
	// 0.2 s
	// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html,
	// November 2026); a dead connection never responds.
	readTimeout = 3 * time.Second

	// writeTimeout limits the time from the last byte of a body to the response. The server
	// may flush hundreds of megabytes in that time, and two tries must fit between two
	// renewals of a lease. If the first try succeeded after all, the second finds its mark.
	writeTimeout = 12 * time.Second

	maxTries  = 3
	firstWait = 100 * time.Millisecond // longest random wait before the second try; doubles with each
	slowDown  = time.Second            // the same if S3 asks for fewer requests
)

// conflict is the error code of a 409: a concurrent conditional write.
const conflict = "ConditionalRequestConflict"

func newClient(shared aws.Config, endpoint string, tune func(*http.Transport)) *s3.Client {
	shared.HTTPClient = awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout }).
		WithTransportOptions(useHTTP1, tune)
	shared.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	shared.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	return s3.NewFromConfig(shared, func(o *s3.Options) {
		if endpoint != "" {
			o.BaseEndpoint = &endpoint
			o.UsePathStyle = true
		}
		o.Retryer = newRetryer()
	})
}

// useHTTP1 restricts a transport to HTTP/1.1, as S3 does itself: every try would reuse
// the one connection of HTTP/2, even when it is dead. t is a clone, and cloning may have
// added h2 to the protocols that its TLS handshake offers: a server that chose h2 then
// would be answered in HTTP/1.1.
func useHTTP1(t *http.Transport) {
	t.ForceAttemptHTTP2 = false
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	t.TLSClientConfig.NextProtos = []string{"http/1.1"}
}

func newRetryer() *retry.Standard {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = maxTries
		o.Backoff = retry.BackoffDelayerFunc(backoff)
		o.Retryables = append(o.Retryables,
			retry.RetryableErrorCode{Codes: map[string]struct{}{conflict: {}}})
	})
}

// backoff returns how long to wait after a failed try.
func backoff(failed int, err error) (time.Duration, error) {
	longest := firstWait
	if retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err).Bool() {
		longest = slowDown
	}
	return rand.N(longest << (failed - 1)), nil
}
