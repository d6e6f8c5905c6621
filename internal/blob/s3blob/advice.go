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

const (
	checkBucket = "check the bucket in SNAPSHOT_STORE, and AWS_REGION"
	checkKeys   = "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile in AWS_PROFILE"
	renewKeys   = "the AWS credentials have expired: renew AWS_SESSION_TOKEN, or sign in again (aws sso login)"
	grantRights = "let these AWS credentials do s3:GetObject, s3:PutObject and s3:DeleteObject below the place in SNAPSHOT_STORE, and s3:ListBucket on its bucket"
)

// advice is what an operator can do about each error code of S3.
var advice = map[string]string{
	"NoSuchBucket":              checkBucket,
	"InvalidBucketName":         checkBucket,
	"AccessDenied":              grantRights,
	"AllAccessDisabled":         grantRights,
	"Forbidden":                 grantRights, // the SDK's word for a 403 without a body
	"ExpiredToken":              renewKeys,
	"TokenRefreshRequired":      renewKeys,
	"InvalidToken":              renewKeys,
	"InvalidAccessKeyId":        checkKeys,
	"SignatureDoesNotMatch":     checkKeys,
	"RequestTimeTooSkewed":      "set the clock of this machine",
	"EntityTooLarge":            "the snapshot is larger than the store takes in one request (S3: 5 GB): narrow FEEDBACK_YEARS",
	"QuotaExceeded":             "free space in the store of SNAPSHOT_STORE",
	"NotImplemented":            "the store does not know conditional writes (If-Match, If-None-Match), without which voc keeps no snapshots: use another one in SNAPSHOT_STORE",
	"SlowDown":                  "S3 asks for fewer requests; the next run tries again",
	"XAmzContentSHA256Mismatch": "the body was changed on its way: is there a proxy between?",
}

var errNoBucket = &fault{said: "the bucket does not exist", advice: checkBucket}

// fault is an error of S3 in words an operator can act on.
type fault struct {
	said, advice string
	err          error
}

func (f *fault) Error() string {
	if f.advice == "" {
		return f.said
	}
	return f.said + ": " + f.advice
}

func (f *fault) Unwrap() error { return f.err }

// advise says what happened in S3's own words, without the SDK's, and what to do about it. It leaves alone what says enough.
func (s *Store) advise(ctx context.Context, err error) error {
	if _, advised := errors.AsType[*fault](err); advised || err == nil {
		return err
	}
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		err = fmt.Errorf("%w: %w", ended, err)
	}
	response, answered := errors.AsType[*awshttp.ResponseError](err)
	sent, failed := errors.AsType[*url.Error](err)
	switch {
	case ctx.Err() != nil:
		return &fault{said: context.Cause(ctx).Error(), err: err}
	case answered && response.HTTPStatusCode() != 0:
		return s.refusal(response, err)
	case failed:
		return &fault{said: "no answer: " + sent.Err.Error(), advice: "check the network, AWS_REGION and AWS_ENDPOINT_URL_S3", err: err}
	case strings.Contains(err.Error(), "get identity"): // the SDK has no type for it
		return &fault{said: "there are no AWS credentials", advice: "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", err: err}
	}
	return err
}

func (s *Store) refusal(response *awshttp.ResponseError, err error) error {
	code, message := codeOf(err), ""
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		message = ": " + api.ErrorMessage()
	}
	f := &fault{err: err, advice: advice[code], said: strings.TrimSpace(fmt.Sprintf("S3 answers %d %s%s (request %s)",
		response.HTTPStatusCode(), code, strings.TrimSuffix(message, ": "), response.ServiceRequestID()))}
	if region := elsewhere(response); region != "" && region != s.region {
		f.advice = "the bucket is in another region: set AWS_REGION=" + region
	}
	return f
}

// elsewhere is the region of a bucket that was asked for in another one.
func elsewhere(response *awshttp.ResponseError) string {
	switch response.HTTPStatusCode() {
	case http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusBadRequest:
		return response.Response.Header.Get("X-Amz-Bucket-Region")
	}
	return ""
}

// statusOf is the HTTP status of an answer that is an error; 0 when there was none.
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

// isAbsent says whether S3 answered that there is no such object.
func isAbsent(err error) bool {
	return statusOf(err) == http.StatusNotFound && codeOf(err) != "NoSuchBucket"
}
