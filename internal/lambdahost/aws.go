package lambdahost

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"
)

// The bounds of one try of a call to SSM or Lambda, which answer within some tens of milliseconds.
const (
	dialTimeout   = 2 * time.Second
	answerTimeout = 3 * time.Second
)

// Credentials are what Lambda puts into a function's environment: a region, and keys of its role that outlive the process. The SDK's own search through files, sign-ins and
// instance roles would find nothing more here, and makes a binary 1.7 MB larger (November 2026).
func Credentials(context.Context) (aws.Config, error) {
	return aws.Config{
		Region:      os.Getenv("AWS_REGION"),
		Credentials: credentials.NewStaticCredentialsProvider(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN")),
	}, nil
}

// Client is the configuration of a client of an AWS service, such as SSM, which AWS_ENDPOINT_URL_SSM may have elsewhere, as the SDK reads it. Its connections are not kept: by
// the next call they would be dead.
func Client(ctx context.Context, service string) (aws.Config, error) {
	cfg, err := Credentials(ctx)
	if endpoint := os.Getenv("AWS_ENDPOINT_URL_" + service); endpoint != "" {
		cfg.BaseEndpoint = &endpoint
	}
	cfg.HTTPClient = awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout }).
		WithTransportOptions(func(t *http.Transport) {
			t.ResponseHeaderTimeout = answerTimeout
			t.DisableKeepAlives = true
		})
	return cfg, err
}

// Refusal says what went wrong with a call of AWS in AWS's own words, or what broke on the way there, and what to do about it, by the error's code.
func Refusal(err error, advice map[string]string) string {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return err.Error()
	}
	words := api.ErrorCode() + ": " + api.ErrorMessage()
	if advice[api.ErrorCode()] != "" {
		words += ": " + advice[api.ErrorCode()]
	}
	return words
}
