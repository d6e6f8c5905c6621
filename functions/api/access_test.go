package main_test

import (
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"voc/internal/lambdahost/lambdatest"
)

// TestJWTReads: claims in a client's own headers do not count.
func TestJWTReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	w.publish()
	f := w.function("READ_ACCESS=jwt")
	e := gateway("GET", "/api/feedback/?limit=1", "", "Authorization", "Bearer ey.a.jwt")
	e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
		JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{
			Claims: map[string]string{"iss": "https://issuer.example.com", "sub": "ann"},
		},
	}
	send(t, f, e).is(t, 200)
	ask(t, f, "GET", "/api/feedback/?limit=1").is(t, 401)
	ask(t, f, "GET", "/api/feedback/", "Authorization", "Bearer "+adminToken, "X-Amzn-Request-Context",
		`{"authorizer":{"jwt":{"claims":{"sub":"ann"}}}}`).is(t, 401)
	e.RequestContext.Authorizer.JWT.Claims = nil
	send(t, f, e).is(t, 401)
	ask(t, f, "GET", "/api/live").is(t, 200)
	ask(t, f, "POST", "/api/cache/update-full", "Authorization", "Bearer "+adminToken).is(t, 202)
}

// users has Ann, whose password is "open sesame".
const users = `{"ann@example.com": {"name": "Ann", "role": "admin", ` +
	`"password_hash": "$2a$04$Wd/IPnkpVHyZ.X5tWN80VeoXBBaVv/HiA4CzrnIfxbNUcrqGTU09W"}}`

func signIn(t *testing.T, f *lambdatest.Function, email, password, from string) answer {
	t.Helper()
	e := gateway("POST", "/api/users/auth",
		`{"email": "`+email+`@example.com", "password": "`+password+`"}`, "X-Forwarded-For", email)
	e.RequestContext.HTTP.SourceIP = from
	return send(t, f, e)
}

func TestUsersFromSSM(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small(t))
	f := w.function("DASHBOARD_USERS_PARAMETER=/voc/users")
	contains(t, signIn(t, f, "ann", "open sesame", "192.0.2.1").is(t, 503).body, "tokens-unread")
	contains(t, warnings(t, f), "DASHBOARD_USERS_PARAMETER", "/voc/users", "ParameterNotFound")
	w.PutParameter("/voc/users", users)
	f = w.function("DASHBOARD_USERS_PARAMETER=/voc/users")
	contains(t, signIn(t, f, "ann", "open sesame", "192.0.2.1").is(t, 200).body, `"name":"Ann"`)
}

// TestSignInThrottleByGatewayAddress: a client's own headers do not change its address.
func TestSignInThrottleByGatewayAddress(t *testing.T) {
	t.Parallel()
	f := newWorld(t, small(t)).function("DASHBOARD_USERS=" + users)
	for range 5 {
		signIn(t, f, "ann", "guess", "192.0.2.1").is(t, 401)
	}
	signIn(t, f, "ann", "open sesame", "192.0.2.1").is(t, 429)
	signIn(t, f, "ann", "open sesame", "192.0.2.2").is(t, 200)
}
