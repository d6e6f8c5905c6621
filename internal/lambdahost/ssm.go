package lambdahost

import (
	"context"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"voc/internal/config"
)

// ssmReader reads secrets from SSM.
type ssmReader struct {
	client *ssm.Client
	region string
}

func newSSMReader(ctx context.Context) (ssmReader, error) {
	cfg, err := Client(ctx, "SSM")
	if err != nil {
		return ssmReader{}, err
	}
	return ssmReader{ssm.NewFromConfig(cfg), cfg.Region}, nil
}

// read reads all parameters at once. It returns the values by variable, and the errors of those
// that it could not read.
func (r ssmReader) read(
	ctx context.Context, parameters []config.Parameter,
) (values map[string]string, errs []error) {
	results := make([]string, len(parameters))
	failures := make([]error, len(parameters))
	var all sync.WaitGroup
	for i, p := range parameters {
		all.Go(func() {
			in := &ssm.GetParameterInput{Name: &p.Name, WithDecryption: aws.Bool(true)}
			out, err := r.client.GetParameter(ctx, in)
			if err != nil {
				failures[i] = fmt.Errorf("%s: read the SSM parameter %s in %s: %s",
					p.Source(), p.Name, r.region, Describe(err, advice))
				return
			}
			results[i] = aws.ToString(out.Parameter.Value)
		})
	}
	all.Wait()
	values = map[string]string{}
	for i, p := range parameters {
		if failures[i] != nil {
			errs = append(errs, failures[i])
			continue
		}
		values[p.Variable] = results[i]
	}
	return values, errs
}

// advice is what an operator can do about an error code of SSM.
var advice = map[string]string{
	"ParameterNotFound": "create it there as a SecureString, or correct the name",
	"AccessDeniedException": "allow the function's role ssm:GetParameter on it, " +
		"and kms:Decrypt if a key of your own encrypts it",
	"InvalidKeyId":        "the key that encrypts it is missing or disabled: rewrite the parameter",
	"ThrottlingException": "the next read retries it",
}
