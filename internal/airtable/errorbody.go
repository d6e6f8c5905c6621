package airtable

import (
	"bytes"
	"encoding/json"
)

// parseErrorBody returns the type and the message of an error response. Airtable uses
// three shapes:
//
//	{"error": "NOT_FOUND"}
//	{"error": {"type": "…", "message": "…"}}        message may be missing
//	{"errors": [{"error": "…", "message": "…"}]}    undocumented, seen with 429
//
// Any other body, such as a gateway's HTML, is returned as the message.
func parseErrorBody(body []byte) (kind, message string) {
	var shape struct {
		Error  json.RawMessage `json:"error"`
		Errors json.RawMessage `json:"errors"`
	}
	var list []struct{ Error, Message string }
	var object struct{ Type, Message string }
	switch {
	case json.Unmarshal(body, &shape) != nil:
	case json.Unmarshal(shape.Errors, &list) == nil &&
		len(list) > 0 && list[0].Error+list[0].Message != "":
		return list[0].Error, list[0].Message
	case json.Unmarshal(shape.Error, &object) == nil && object.Type+object.Message != "":
		return object.Type, object.Message
	case json.Unmarshal(shape.Error, &kind) == nil && kind != "":
		return kind, ""
	}
	return "", string(bytes.TrimSpace(body))
}
