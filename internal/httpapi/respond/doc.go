// Package respond writes answers to HTTP responses.
//
// A handler returns an Answer: its status, the few headers that it decides, a validator and a body.
// The body is bytes, an open file or a stream of pieces. Only this package decides how it is sent:
// as a 304 or a 200, from the cache or newly encoded, in one write or streamed, in which encoding,
// with or without a body, and whether the platform can carry it.
//
// Nothing is written, and no header is set, before an answer is certain to start. Until then an
// error can still become another answer; afterwards the caller must cut the connection, because
// half a body must not look complete. No byte is changed after it has been written.
//
// Only successful answers with a validator are cached. Their bodies depend on nothing but what
// their ETag names, so a cached answer never goes out of date.
package respond
