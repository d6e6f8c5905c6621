package lambdahost

import (
	"bytes"
	"context"
	"encoding/json"
	"log"
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// NewLog returns a logger to Lambda's log, in the function's configured format and with the id
// of the request. It logs at the function's configured level and above, or everything if
// verbose.
func NewLog(verbose bool) *slog.Logger {
	handler := lambdacontext.NewLogHandler()
	if verbose {
		handler = everyLevel{handler}
	}
	return slog.New(handler)
}

// everyLevel enables every level.
type everyLevel struct{ slog.Handler }

// Enabled implements slog.Handler.
func (everyLevel) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs implements slog.Handler.
func (h everyLevel) WithAttrs(attrs []slog.Attr) slog.Handler {
	return everyLevel{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h everyLevel) WithGroup(name string) slog.Handler {
	return everyLevel{h.Handler.WithGroup(name)}
}

// ReceiptError is the prefix of the Type of an error whose Message is the receipt of a run, which
// the run has logged.
const ReceiptError = "Refresh."

// LogRuntime sets the process's standard logger, which aws-lambda-go uses, to write to a log.
// aws-lambda-go logs the error of each event as text (v1.55, lambda/invoke_loop.go); one whose Type
// begins with ReceiptError would be logged twice.
func LogRuntime(to *slog.Logger) {
	log.SetFlags(0)
	log.SetOutput(runtimeLog{to})
}

type runtimeLog struct{ *slog.Logger }

// Write implements io.Writer.
func (l runtimeLog) Write(line []byte) (int, error) {
	var failed messages.InvokeResponse_Error
	switch err := json.Unmarshal(line, &failed); {
	case err != nil:
		l.Error(string(bytes.TrimSpace(line)))
	case strings.HasPrefix(failed.Type, ReceiptError):
	case failed.StackTrace == nil:
		l.Error("the event failed", "type", failed.Type, "error", failed.Message)
	default:
		l.Error("the event failed", "type", failed.Type, "error", failed.Message,
			"stack", failed.StackTrace)
	}
	return len(line), nil
}

// LimitMemory sets Go's memory limit to most of the function's memory: Lambda kills a process
// that uses more than the function has.
func LimitMemory() {
	const share = 85 // percent; the rest is for memory that Go does not manage
	megabytes, err := strconv.ParseInt(os.Getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), 10, 64)
	if err == nil && megabytes > 0 {
		debug.SetMemoryLimit(megabytes << 20 * share / 100)
	}
}
