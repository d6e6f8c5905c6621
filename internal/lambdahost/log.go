package lambdahost

import (
	"context"
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// NewLog writes to Lambda's log, in the format that the function is configured for and with the id of the request: from the function's level on, or everything.
func NewLog(verbose bool) *slog.Logger {
	handler := lambdacontext.NewLogHandler()
	if verbose {
		handler = talkative{handler}
	}
	return slog.New(handler)
}

// talkative lets every level through.
type talkative struct{ slog.Handler }

// Enabled implements slog.Handler.
func (talkative) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs implements slog.Handler.
func (t talkative) WithAttrs(attrs []slog.Attr) slog.Handler {
	return talkative{t.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (t talkative) WithGroup(name string) slog.Handler { return talkative{t.Handler.WithGroup(name)} }

// UseMemory has Go keep to most of the function's memory: Lambda ends a process that takes more than there is.
func UseMemory() {
	const share = 85 // percent; the rest is for what is not Go's
	megabytes, err := strconv.ParseInt(os.Getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), 10, 64)
	if err == nil && megabytes > 0 {
		debug.SetMemoryLimit(megabytes << 20 * share / 100)
	}
}
