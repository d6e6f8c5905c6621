package lambdahost

import (
	"cmp"
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

// Client returns the configuration of a client of an AWS service, such as SSM, with the endpoint
// in AWS_ENDPOINT_URL_SSM or AWS_ENDPOINT_URL if it is set, as the SDK has it. It does not reuse
// connections.
func Client(ctx context.Context, service string) (aws.Config, error) {
	cfg, err := Credentials(ctx)
	endpoint := cmp.Or(os.Getenv("AWS_ENDPOINT_URL_"+service), os.Getenv("AWS_ENDPOINT_URL"))
	if endpoint != "" && os.Getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") != "true" {
		cfg.BaseEndpoint = &endpoint
	}
	cfg.HTTPClient = awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout }).
		WithTransportOptions(func(t *http.Transport) {
			t.ResponseHeaderTimeout = responseTimeout
			t.DisableKeepAlives = true
		})
	return cfg, err
}

// Bounds of one attempt of a call to SSM or Lambda, which respond within tens of milliseconds.
const (
	dialTimeout     = 2 * time.Second
	responseTimeout = 3 * time.Second
)

// Credentials returns the region and the keys of the function's role, which Lambda puts into the
// environment and which outlive the process. The SDK's own search through files, sign-ins and
// instance roles would find nothing else, and would make the binary 1.7 MB larger (November
// 2026).
func Credentials(context.Context) (aws.Config, error) {
	return aws.Config{
		Region: os.Getenv("AWS_REGION"),
		Credentials: credentials.NewStaticCredentialsProvider(os.Getenv("AWS_ACCESS_KEY_ID"),
			os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN")),
		ConfigSources: []any{environment{}},
	}, nil
}

// environment is what the clients of the SDK read from the environment by themselves.
type environment struct{}

// GetUseFIPSEndpoint reads AWS_USE_FIPS_ENDPOINT. The SDK finds it by its name.
func (environment) GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error) {
	switch value := os.Getenv("AWS_USE_FIPS_ENDPOINT"); value {
	case "true":
		return aws.FIPSEndpointStateEnabled, true, nil
	case "false":
		return aws.FIPSEndpointStateDisabled, true, nil
	}
	return aws.FIPSEndpointStateUnset, false, nil
}

// ConsoleURL returns where AWS's console shows this function.
func ConsoleURL() string {
	region := os.Getenv("AWS_REGION")
	return "https://" + region + ".console.aws.amazon.com/lambda/home?region=" + region +
		"#/functions/" + os.Getenv("AWS_LAMBDA_FUNCTION_NAME") + "?tab=monitoring"
}

// Describe returns the text of the error of an AWS call. For an error of AWS itself that is its
// code and message, followed by the advice for the code if there is any.
func Describe(err error, advice map[string]string) string {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return err.Error()
	}
	text := api.ErrorCode() + ": " + api.ErrorMessage()
	if advice[api.ErrorCode()] != "" {
		text += ": " + advice[api.ErrorCode()]
	}
	return text
}
