package s3blob

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// advised is an error in short words, with what an operator can do about it.
type advised struct {
	text, advice string
	err          error
}

func (a *advised) Error() string {
	if a.advice == "" {
		return a.text
	}
	return a.text + ": " + a.advice
}

func (a *advised) Unwrap() error { return a.err }

// advise replaces the SDK's text of an error by S3's own, and adds what to do about it.
// It returns errors that need neither as they are.
func (s *Store) advise(ctx context.Context, err error) error {
	if _, done := errors.AsType[*advised](err); done || err == nil {
		return err
	}
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		err = fmt.Errorf("%w: %w", ended, err)
	}
	response, responded := errors.AsType[*awshttp.ResponseError](err)
	sent, failed := errors.AsType[*url.Error](err)
	switch {
	case ctx.Err() != nil:
		return &advised{text: context.Cause(ctx).Error(), err: err}
	case responded && response.HTTPStatusCode() != 0:
		return s.rejection(response, err)
	case failed:
		return &advised{text: "no response: " + sent.Err.Error(),
			advice: "check the network, AWS_REGION and AWS_ENDPOINT_URL_S3", err: err}
	case strings.Contains(err.Error(), "get identity"): // the SDK has no type for it
		return &advised{text: "no AWS credentials",
			advice: "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", err: err}
	}
	return err
}

// rejection words an error response of S3.
func (s *Store) rejection(response *awshttp.ResponseError, err error) error {
	code, message := codeOf(err), ""
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		message = ": " + api.ErrorMessage()
	}
	text := fmt.Sprintf("S3 responded %d %s%s (request %s)", response.HTTPStatusCode(), code,
		strings.TrimSuffix(message, ": "), response.ServiceRequestID())
	a := &advised{text: strings.TrimSpace(text), advice: s.codeAdvice(code), err: err}
	switch response.HTTPStatusCode() {
	case http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusBadRequest:
		region := response.Response.Header.Get("X-Amz-Bucket-Region")
		if region != "" && region != s.region {
			a.advice = "the bucket is in another region: set AWS_REGION=" + region
		}
	}
	return a
}

// codeAdvice returns what an operator can do about an error code of S3; "" if nothing is
// known.
func (s *Store) codeAdvice(code string) string {
	switch code {
	case "NoSuchBucket", "InvalidBucketName":
		return "check the bucket in " + s.setting + ", and AWS_REGION"
	case "AccessDenied", "AllAccessDisabled", "Forbidden": // Forbidden: the SDK's, without a body
		return "grant these AWS credentials s3:GetObject, s3:PutObject and s3:DeleteObject below " +
			"the place in " + s.setting + ", and s3:ListBucket on its bucket; if they have them, " +
			"a policy of the bucket, of its key or of the organization denies the access"
	case "ExpiredToken", "TokenRefreshRequired", "InvalidToken":
		return "the AWS credentials have expired: renew AWS_SESSION_TOKEN, or sign in again " +
			"(aws sso login)"
	case "InvalidAccessKeyId", "SignatureDoesNotMatch":
		return "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile in AWS_PROFILE"
	case "RequestTimeTooSkewed":
		return "set the clock of this machine"
	case "EntityTooLarge":
		return "the object exceeds what the store accepts in one request (S3: 5 GB): keep fewer records"
	case "QuotaExceeded":
		return "free space in the store of " + s.setting
	case "NotImplemented":
		return "the store does not support conditional writes (If-Match, If-None-Match), which voc " +
			"requires: name another store in " + s.setting
	case "SlowDown":
		return "S3 asks for fewer requests: retry later"
	case "XAmzContentSHA256Mismatch":
		return "the body was changed in transit: check the proxies"
	}
	return ""
}

// statusOf returns the HTTP status of an error response, or 0 if there was none.
func statusOf(err error) int {
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		return response.HTTPStatusCode()
	}
	return 0
}

func codeOf(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

// isMissing reports whether S3 responded that the object does not exist.
func isMissing(err error) bool {
	return statusOf(err) == http.StatusNotFound && codeOf(err) != "NoSuchBucket"
}
