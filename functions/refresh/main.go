// Command refresh is the Lambda function that refreshes the store: full, sweep, incremental,
// rollback and check, as the event says. The template deploys it twice.
package main

import (
	"context"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"voc/internal/lambdahost"
)

func main() {
	log := lambdahost.NewLog(os.Getenv("DEBUG_REFRESH") == "true")
	lambdahost.LogRuntime(log)
	lambdahost.LimitMemory()
	h, err := open(context.Background(), os.Environ(), log)
	if err != nil {
		log.Error("the function cannot start", "error", err)
		os.Exit(1)
	}
	lambda.Start(h)
}
