// Package s3blob implements blob.Store in a bucket of S3 or of an S3-compatible server:
// the object a/b has the key prefix/a/b.
//
// # One request each
//
// Every promise of package blob is one conditional request: PutNew is a PUT with
// If-None-Match: *, Replace a PUT with If-Match, GetIfChanged a GET with If-None-Match. A
// version is the ETag as the server sent it. It depends on the content; the package
// assumes nothing else about it.
//
// # When a write fails
//
// The SDK retries by itself, and after a lost response the second try meets the result of
// the first. So each write carries a unique mark in the object's metadata, and the
// package determines for each failed try whether it may have succeeded. It cannot have
// succeeded if S3 rejected it (4xx), if it never had a connection, or if the body could
// not be read. If no failed try can have succeeded, the last response decides: 412 is a
// lost race. Otherwise the write is uncertain, and a 412 is resolved by reading the mark
// of the object: with our mark the write happened; with another mark it is
// blob.ErrUncertain, as is any other end of an uncertain write.
//
// 409 means that a concurrent write was in progress and that this one did not happen. It
// is retried, and the retry shows which write won.
//
// # How a body is protected
//
// The request is signed over the SHA-256 of the body, which every S3 server compares with
// what arrives. The same digest is in the metadata, for operators who inspect an object
// (with a customer's key the ETag is not an MD5). The SDK's own checksums are off: not
// every server accepts them as trailers, and they fail on a 304
// (github.com/aws/aws-sdk-go-v2/service/s3 v1.114.8). The package does not verify what it
// reads: its callers compare their own digests.
//
// # Connections
//
// After a process was frozen, its connections are dead, but no error says so. Reads wait
// 3 s for the first byte and then dial again; only one idle connection is kept, so that
// the second try gets a fresh one. Writes are rare, and each one dials.
//
// # Limits
//
// The bucket must be a general-purpose bucket, since a directory bucket does not list in
// order. An object has at most 5 GB, S3's limit for a PUT. The keys below the prefix
// belong to voc; List ignores keys that package blob does not allow. The credentials need
// s3:GetObject, s3:PutObject and s3:DeleteObject on prefix/*, and s3:ListBucket on the
// bucket, without which S3 responds with 403 for a missing object. DeleteVersions also
// needs s3:ListBucketVersions on the bucket and s3:DeleteObjectVersion on prefix/*.
//
// The advice in errors names environment variables of the AWS SDK, such as AWS_REGION; for
// the store's location it names Config.Setting.
package s3blob
