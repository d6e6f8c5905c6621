// Package s3blob keeps the objects of a blob.Store in a bucket of S3, or of a server that speaks its protocol: the object a/b is the key prefix/a/b.
//
// # One request each
//
// Every promise of package blob is one conditional request: PutNew is a PUT with If-None-Match: *, Replace one with If-Match, GetIfChanged a GET with
// If-None-Match. A version is the ETag, as it came: it depends on the content, and nothing else is read into it.
//
// # When a write fails
//
// The SDK tries again by itself, and an answer that was lost makes the second try meet the first one's work. So each write carries a mark of its own in the
// object's metadata, and each try that failed is judged: could it have worked? It could not if S3 refused it (4xx), if it never got a connection, or if the body
// broke off on our side. If all that failed could not, the last answer counts: 412 is a lost race. Else there is a doubt. Then a 412 is settled
// by a look at the object: our mark, and the write happened; another's, and it is blob.ErrUncertain, as is every other end in doubt.
//
// 409 says that another write was under way and that this one did not happen. It is tried again, which shows who won.
//
// # What a body is protected by
//
// The request is signed over the SHA-256 of the body, which every S3 server compares with what arrives; the same digest is in the metadata, for people who
// look at an object (the ETag is no MD5 with a customer's key). The SDK's own checksums are off: as trailers not every server takes them, and on
// a 304 they fail (service/s3 v1.114.8). What is read is not checked here: manifest holds it to digests of its own.
//
// # Connections
//
// A process that was frozen finds its connections dead without a word. Reads wait 3 s for the first byte and then dial anew; only one connection is kept, so that the
// second try is a fresh one. Writes are few, and each dials.
//
// # Limits
//
// A general-purpose bucket, since a directory bucket does not list in order. One object has at most 5 GB, S3's limit for a PUT. The keys below the prefix are voc's; others
// are passed over by List if they are no keys of package blob. Rights: s3:GetObject, s3:PutObject and s3:DeleteObject on prefix/*, and s3:ListBucket on
// the bucket, without which S3 answers 403 for what does not exist.
package s3blob
