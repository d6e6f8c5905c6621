package airtablesim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

// answer is the response to one request.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// Shape is one of the known forms of Airtable's error bodies.
type Shape int

// The shapes of errors.
const (
	ShapeObject Shape = iota // {"error": {"type": …, "message": …}}; message may be missing
	ShapeText                // {"error": "TYPE"}
	ShapeList                // {"errors": [{"error": "TYPE", "message": …}]}, seen on 429
)

// body returns an error body of that shape.
func (s Shape) body(kind, message string) []byte {
	type object struct {
		Error   string `json:"error,omitempty"`
		Type    string `json:"type,omitempty"`
		Message string `json:"message,omitempty"`
	}
	switch s {
	case ShapeText:
		return encode(object{Error: kind})
	case ShapeList:
		return encode(map[string][]object{"errors": {{Error: kind, Message: message}}})
	}
	return encode(map[string]object{"error": {Type: kind, Message: message}})
}

// refusal is an error response of Airtable.
type refusal struct {
	status  int
	shape   Shape
	kind    string
	message string
	header  http.Header
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.status, r.kind, r.message) }

func (r *refusal) answer() answer {
	return answer{r.status, r.header, r.shape.body(r.kind, r.message)}
}

var (
	errNoToken = &refusal{status: 401, kind: "AUTHENTICATION_REQUIRED",
		message: "Authentication required"}
	errBadToken = &refusal{status: 401, kind: "UNAUTHORIZED",
		message: "Invalid authentication token"}
	errNoScope = &refusal{status: 403, kind: "INVALID_PERMISSIONS",
		message: "You are not permitted to perform this operation"}
	errNoModel = &refusal{status: 403, kind: "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND",
		message: "Invalid permissions, or the requested model was not found. " +
			"Check that both your user and your token have the required permissions, " +
			"and that the model names and/or ids are correct."}
	errNoRoute  = &refusal{status: 404, shape: ShapeText, kind: "NOT_FOUND"}
	errNoRecord = &refusal{status: 404, kind: "MODEL_ID_NOT_FOUND",
		message: "Record not found"}
	errTooLarge = &refusal{status: 413, kind: "REQUEST_TOO_LARGE",
		message: "Request body is too large"}
	errLargePage = &refusal{status: 413, kind: "REQUEST_TOO_LARGE",
		message: "The response is too large; request a smaller page"}
	errLongURL = &refusal{status: 414, kind: "REQUEST_URI_TOO_LONG",
		message: "GET URLs must stay under 16,000 characters; use POST …/listRecords"}
	errNoJSON = &refusal{status: 400, kind: "INVALID_REQUEST_BODY",
		message: "Could not parse request body"}
	errNoIterator = &refusal{status: 422, kind: "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"}
	errRate       = &refusal{status: 429, shape: ShapeList, kind: "RATE_LIMIT_REACHED",
		message: "Rate limit exceeded. Please try again later"}
)

// invalid returns Airtable's response to an invalid parameter. The reason in parentheses
// is the emulator's own.
func invalid(reason string, args ...any) *refusal {
	return &refusal{status: 422, kind: "INVALID_REQUEST_UNKNOWN",
		message: "Invalid request: parameter validation failed. Check your request data. (" +
			fmt.Sprintf(reason, args...) + ")"}
}

func unknownField(name string) *refusal {
	return &refusal{status: 422, kind: "UNKNOWN_FIELD_NAME",
		message: fmt.Sprintf("Unknown field name: %q", name)}
}

// decodeBody decodes a JSON object and rejects unknown keys.
func decodeBody(body []byte, into any) error {
	if !json.Valid(body) {
		return errNoJSON
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return invalid("%v", err)
	}
	return nil
}
