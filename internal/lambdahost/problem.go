package lambdahost

import (
	"encoding/json"
	"net/http"
)

// problemTypes are explained on package httpapi's page.
var problemTypes = map[int]string{
	http.StatusBadRequest:          "/api/docs#malformed-request",
	http.StatusInternalServerError: "/api/docs#internal",
}

// problem returns the response if no handler can respond, in the handlers' form (RFC 9457).
func problem(status int, err error) response {
	body, _ := json.Marshal(map[string]any{ // texts and a number cannot fail
		"type":   problemTypes[status],
		"title":  http.StatusText(status),
		"status": status,
		"detail": err.Error(),
	})
	return response{
		StatusCode: status,
		Headers: map[string]string{
			"Content-Type": "application/problem+json", "Cache-Control": "no-store",
			"X-Robots-Tag": "noindex",
		},
		Body: string(body) + "\n",
	}
}
