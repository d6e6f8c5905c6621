// Command refresh is the Lambda function that refreshes the store: full, sweep, incremental, rollback and check, by the event. The template has two of it.
package main

import (
	"context"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"voc/internal/lambdahost"
)

func main() {
	log := lambdahost.NewLog(os.Getenv("DEBUG_REFRESH") == "true")
	lambdahost.UseMemory()
	h, err := open(context.Background(), os.Environ(), log)
	if err != nil {
		log.Error("the function can not start", "error", err)
		os.Exit(1)
	}
	lambda.Start(h)
}
