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
	// readTimeout is for the first byte of an answer to a read: S3 takes 0.1 to 0.2 s (performance guidelines, 2026), a dead connection for ever.
	readTimeout = 3 * time.Second
	// writeTimeout is for the answer after the last byte of a body: a server may flush hundreds of megabytes by then, and two tries must fit into what a
	// lease leaves for its renewal. Should the first one work after all, the second meets its mark.
	writeTimeout = 12 * time.Second

	tries     = 3
	firstWait = 100 * time.Millisecond // the longest random wait before the second try; doubles with each
	slowDown  = time.Second            // the same where S3 asks for fewer requests
)

// conflict is the error code of a 409: another conditional write was under way.
const conflict = "ConditionalRequestConflict"

func newClient(shared aws.Config, endpoint string, transport func(*http.Transport)) *s3.Client {
	shared.HTTPClient = awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout }).
		WithTransportOptions(overHTTP1, transport)
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

// overHTTP1 keeps to HTTP/1.1, as S3 itself does: the one connection of HTTP/2, once dead, would be used by every try.
func overHTTP1(t *http.Transport) {
	t.ForceAttemptHTTP2 = false
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
}

func readTransport(t *http.Transport) {
	t.ResponseHeaderTimeout = readTimeout
	t.MaxIdleConnsPerHost = 1
}

func writeTransport(t *http.Transport) {
	t.ResponseHeaderTimeout = writeTimeout
	t.DisableKeepAlives = true
}

func newRetryer() *retry.Standard {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = tries
		o.Backoff = retry.BackoffDelayerFunc(pause)
		o.Retryables = append(o.Retryables, retry.RetryableErrorCode{Codes: map[string]struct{}{conflict: {}}})
	})
}

// pause is how long to wait after a failed try.
func pause(failed int, err error) (time.Duration, error) {
	longest := firstWait
	if retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err).Bool() {
		longest = slowDown
	}
	return rand.N(longest << (failed - 1)), nil
}
