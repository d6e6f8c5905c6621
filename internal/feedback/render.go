package feedback

import (
	"bytes"
	"encoding/json"
	"sync"
)

// TimeFormat is the layout of every instant of the contract. The instant must be in UTC.
const TimeFormat = "2006-01-02T15:04:05.000Z"

// encoder writes JSON into its own buffer.
type encoder struct {
	*json.Encoder
	out bytes.Buffer
}

var encoders = sync.Pool{New: func() any {
	e := new(encoder)
	e.Encoder = json.NewEncoder(&e.out)
	e.SetEscapeHTML(false)
	return e
}}

// encode writes JSON without HTML escapes: responses are application/json with nosniff,
// and "<" is a sixth of the bytes of "\u003c".
func encode(v any) []byte {
	e := encoders.Get().(*encoder)
	defer encoders.Put(e)
	e.out.Reset()
	if err := e.Encode(v); err != nil {
		panic(err) // strings and finite numbers always encode
	}
	return bytes.Clone(bytes.TrimSuffix(e.out.Bytes(), []byte("\n")))
}
