package manifest

// Decode is decode.
var Decode = decode

// Encode is Manifest.encode.
func Encode(m Manifest) ([]byte, error) { return m.encode() }
