// Command api is the Lambda function behind the HTTP API. It serves the current snapshot of the
// store and starts refreshes by invoking the refresh functions.
package main

import (
	"context"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"voc/internal/access"
	"voc/internal/lambdahost"
)

func main() {
	log := lambdahost.NewLog(false)
	lambdahost.LogRuntime(log)
	lambdahost.LimitMemory()
	handler, err := newHandler(context.Background(), os.Environ(), log)
	if err != nil {
		log.Error("the function cannot start", "error", err)
		os.Exit(1)
	}
	lambda.Start(lambdahost.Proxy(handler, access.WithClaims, log))
}
