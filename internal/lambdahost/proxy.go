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

const (
	// responseLimit is what Lambda takes as the answer of a function, in bytes of JSON (its runtime emulator, November 2026). The process of one that is larger is ended.
	responseLimit = 6_291_556
	// besideBody is room in it for status and headers: API Gateway takes 10,240 bytes of these (quotes of HTTP APIs, 2026), which JSON may make longer.
	besideBody = 24 << 10

	// AnswerLimit is how many bytes of base64 the body of an answer may have.
	AnswerLimit = responseLimit - besideBody

	// longestText is a text that fits however many of its bytes JSON writes as six.
	longestText = AnswerLimit / 6
)

// Claims passes on to a handler what the gateway's authorizer has found in the caller's JWT.
type Claims func(ctx context.Context, claims map[string]string) context.Context

// Proxy makes a Lambda function of a handler: it answers events of an HTTP API, payload format 2.0.
func Proxy(handler http.Handler, claims Claims, log *slog.Logger) func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	p := proxy{adapter: httpadapter.NewV2(handler), claims: claims, log: log}
	return p.answer
}

type (
	request  = events.APIGatewayV2HTTPRequest
	response = events.APIGatewayV2HTTPResponse
)

type proxy struct {
	adapter *httpadapter.HandlerAdapterV2
	claims  Claims
	log     *slog.Logger
}

var (
	errNoRequest = errors.New("this function answers events of an HTTP API, payload format 2.0; this is none")
	errBroken    = errors.New("something unexpected went wrong: look for the request id in the function's log")
)

// answer never fails: an error would be the gateway's own 500, and an alarm that any caller can set off.
func (p proxy) answer(ctx context.Context, event request) (answer response, _ error) {
	defer func() {
		if fault := recover(); fault != nil {
			p.log.ErrorContext(ctx, "a request panicked", "fault", fault, "stack", string(debug.Stack()))
			answer = problem(http.StatusInternalServerError, errBroken)
		}
	}()
	if event.RequestContext.HTTP.Method == "" {
		return problem(http.StatusBadRequest, errNoRequest), nil
	}
	if authorizer := event.RequestContext.Authorizer; authorizer != nil && authorizer.JWT != nil {
		ctx = p.claims(ctx, authorizer.JWT.Claims)
	}
	event.RawPath = (&url.URL{Path: event.RawPath}).EscapedPath() // it comes decoded, and is about to be parsed
	answer, err := p.adapter.ProxyWithContext(ctx, event)
	if err != nil {
		p.log.WarnContext(ctx, "a request could not be read", "error", err)
		return problem(http.StatusBadRequest, errors.New("the request can not be read")), nil
	}
	return inBase64(answer), nil
}

// inBase64 keeps JSON from making a long text longer than what was counted. The adapter has packed what is no text already.
func inBase64(answer response) response {
	if !answer.IsBase64Encoded && len(answer.Body) > longestText {
		answer.Body, answer.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(answer.Body)), true
	}
	return answer
}
