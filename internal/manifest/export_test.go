package manifest

// Decode reads what lies in a store as a manifest.
var Decode = decode

// Encode is what Decode reads.
func Encode(m Manifest) ([]byte, error) { return m.encode() }
