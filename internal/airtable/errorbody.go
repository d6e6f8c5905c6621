package airtable

import (
	"bytes"
	"encoding/json"
)

// parseErrorBody returns the type and the message of an error answer. Airtable uses
// three shapes:
//
//	{"error": "NOT_FOUND"}
//	{"error": {"type": "…", "message": "…"}}        message may be missing
//	{"errors": [{"error": "…", "message": "…"}]}    undocumented, seen with 429
//
// Anything else, such as a gateway's HTML, is all message.
func parseErrorBody(body []byte) (kind, message string) {
	var shape struct {
		Error  json.RawMessage `json:"error"`
		Errors json.RawMessage `json:"errors"`
	}
	if json.Unmarshal(body, &shape) == nil {
		for _, parse := range []func() (string, string){
			func() (string, string) { return parseErrorList(shape.Errors) },
			func() (string, string) { return parseErrorObject(shape.Error) },
			func() (string, string) { return parseErrorText(shape.Error) },
		} {
			if kind, message = parse(); kind != "" || message != "" {
				return kind, message
			}
		}
	}
	return "", string(bytes.TrimSpace(body))
}

func parseErrorList(raw json.RawMessage) (kind, message string) {
	var list []struct{ Error, Message string }
	if json.Unmarshal(raw, &list) != nil || len(list) == 0 {
		return "", ""
	}
	return list[0].Error, list[0].Message
}

func parseErrorObject(raw json.RawMessage) (kind, message string) {
	var object struct{ Type, Message string }
	if json.Unmarshal(raw, &object) != nil {
		return "", ""
	}
	return object.Type, object.Message
}

func parseErrorText(raw json.RawMessage) (kind, message string) {
	if json.Unmarshal(raw, &kind) != nil {
		return "", ""
	}
	return kind, ""
}
