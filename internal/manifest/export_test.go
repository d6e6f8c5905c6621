package manifest

// Decode is decode.
var Decode = decode

// Encode is Manifest.encode.
func Encode(m Manifest) ([]byte, error) { return m.encode() }

// Describe is Publication.describe.
func Describe(p Publication) Snapshot { return p.describe() }

// Merge is merge.
var Merge = merge
