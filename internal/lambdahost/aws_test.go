package lambdahost_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"voc/internal/lambdahost"
)

// TestClientFollowsEnvironment: the SDK's own variables count, although its search for
// credentials is not linked.
func TestClientFollowsEnvironment(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	t.Setenv("AWS_USE_FIPS_ENDPOINT", "true")
	cfg, err := lambdahost.Client(t.Context(), "SSM")
	if err != nil {
		t.Fatal(err)
	}
	options := ssm.NewFromConfig(cfg).Options()
	if aws.ToString(options.BaseEndpoint) != "http://127.0.0.1:1" ||
		options.EndpointOptions.UseFIPSEndpoint != aws.FIPSEndpointStateEnabled {
		t.Errorf("endpoint %q, FIPS %v", aws.ToString(options.BaseEndpoint),
			options.EndpointOptions.UseFIPSEndpoint)
	}
	t.Setenv("AWS_ENDPOINT_URL_SSM", "http://127.0.0.1:2")
	if cfg, _ := lambdahost.Client(t.Context(), "SSM"); *cfg.BaseEndpoint != "http://127.0.0.1:2" {
		t.Errorf("endpoint %s", *cfg.BaseEndpoint)
	}
	t.Setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
	if cfg, _ := lambdahost.Client(t.Context(), "SSM"); cfg.BaseEndpoint != nil {
		t.Errorf("endpoint %s", *cfg.BaseEndpoint)
	}
}
