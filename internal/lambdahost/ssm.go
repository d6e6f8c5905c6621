package lambdahost

import (
	"context"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"voc/internal/config"
)

// parameters reads secrets from SSM.
type parameters struct {
	client *ssm.Client
	region string
}

func newSSM(ctx context.Context) (parameters, error) {
	cfg, err := Client(ctx, "SSM")
	if err != nil {
		return parameters{}, err
	}
	return parameters{ssm.NewFromConfig(cfg), cfg.Region}, nil
}

// read asks for each parameter, all at once. It gives what could be read, by variable, and what is wrong with the others.
func (p parameters) read(ctx context.Context, named []config.Parameter) (found map[string]string, faults []error) {
	values, errs := make([]string, len(named)), make([]error, len(named))
	var all sync.WaitGroup
	for i, parameter := range named {
		all.Go(func() { values[i], errs[i] = p.get(ctx, parameter) })
	}
	all.Wait()
	found = map[string]string{}
	for i, parameter := range named {
		if errs[i] != nil {
			faults = append(faults, errs[i])
			continue
		}
		found[parameter.Variable] = values[i]
	}
	return found, faults
}

func (p parameters) get(ctx context.Context, parameter config.Parameter) (string, error) {
	out, err := p.client.GetParameter(ctx, &ssm.GetParameterInput{Name: &parameter.Name, WithDecryption: aws.Bool(true)})
	if err != nil {
		return "", fmt.Errorf("%s: the SSM parameter %s in %s can not be read: %s", parameter.Source(), parameter.Name, p.region, Refusal(err, advice))
	}
	return aws.ToString(out.Parameter.Value), nil
}

// advice is what an operator can do about each error code of SSM.
var advice = map[string]string{
	"ParameterNotFound":     "create it there as a SecureString, or correct the name",
	"AccessDeniedException": "let the function's role do ssm:GetParameter on it, and kms:Decrypt if a key of your own encrypts it",
	"InvalidKeyId":          "the key that encrypts it is gone or disabled: write the parameter anew",
	"ThrottlingException":   "it is tried again",
}
