package lambdahost

import (
	"encoding/json"
	"net/http"
)

// types are those that package httpapi's page explains.
var types = map[int]string{http.StatusBadRequest: "/api/docs#malformed-request", http.StatusInternalServerError: "/api/docs#internal"}

// problem is what is answered where no handler can, in the form that handlers have (RFC 9457).
func problem(status int, err error) response {
	body, _ := json.Marshal(map[string]any{"type": types[status], "title": http.StatusText(status), "status": status, "detail": err.Error()}) // texts and a number
	return response{
		StatusCode: status,
		Headers:    map[string]string{"Content-Type": "application/problem+json", "Cache-Control": "no-store"},
		Body:       string(body) + "\n",
	}
}
