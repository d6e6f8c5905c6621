package lambdahost

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"
)

// Proxy returns a Lambda function that passes events of an HTTP API, payload format 2.0, to a
// handler.
func Proxy(
	handler http.Handler, claims Claims, log *slog.Logger,
) func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	p := proxy{adapter: httpadapter.NewV2(handler), claims: claims, log: log}
	return p.respond
}

// Claims adds the claims that the gateway's authorizer has found in a JWT to a context.
type Claims func(ctx context.Context, claims map[string]string) context.Context

type proxy struct {
	adapter *httpadapter.HandlerAdapterV2
	claims  Claims
	log     *slog.Logger
}

type (
	request  = events.APIGatewayV2HTTPRequest
	response = events.APIGatewayV2HTTPResponse
)

var (
	errNoRequest  = errors.New("not an event of an HTTP API, payload format 2.0")
	errUnreadable = errors.New("the request cannot be read")
	errPanic      = errors.New("internal error: search the function's log for the request id")
)

// respond returns no error: the gateway would turn one into its own 500, and a client could set off
// the alarm on the function's errors.
func (p proxy) respond(ctx context.Context, event request) (r response, _ error) {
	defer func() {
		if fault := recover(); fault != nil {
			p.log.ErrorContext(ctx, "a request panicked",
				"fault", fault, "stack", string(debug.Stack()))
			r = problem(http.StatusInternalServerError, errPanic)
		}
	}()
	if event.RequestContext.HTTP.Method == "" {
		return problem(http.StatusBadRequest, errNoRequest), nil
	}
	if authorizer := event.RequestContext.Authorizer; authorizer != nil && authorizer.JWT != nil {
		ctx = p.claims(ctx, authorizer.JWT.Claims)
	}
	// The gateway sends the path decoded, and the adapter parses it.
	event.RawPath = (&url.URL{Path: event.RawPath}).EscapedPath()
	r, err := p.adapter.ProxyWithContext(ctx, event)
	if err != nil {
		p.log.WarnContext(ctx, "a request cannot be read", "error", err)
		return problem(http.StatusBadRequest, errUnreadable), nil
	}
	// The adapter has encoded bodies that are not text.
	if !r.IsBase64Encoded && len(r.Body) > maxText {
		r.Body, r.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(r.Body)), true
	}
	return r, nil
}

const (
	// responseLimit is the largest response of a function, in bytes of JSON (Lambda's runtime
	// emulator, November 2026). Lambda kills a process whose response is larger.
	responseLimit = 6_291_556
	// headerAllowance is room for status and headers: API Gateway accepts 10,240 bytes of them
	// (quotas of HTTP APIs, 2026), which JSON may lengthen.
	headerAllowance = 24 << 10

	// AnswerLimit is the largest body of a response, in bytes of base64.
	AnswerLimit = responseLimit - headerAllowance

	// maxText is the largest text that is sent without base64: JSON writes a byte as six at
	// most.
	maxText = AnswerLimit / 6
)
