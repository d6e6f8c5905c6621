package airtable

import (
	"context"
	"net/http/httptrace"
	"time"
)

// turn is the wait of one try for the pacer, and the time limit of what follows.
//
// A connection takes up to a second to be made, in which other calls overtake. So a
// transport of net/http waits when it has the connection: what the pacer spaces is then
// what Airtable sees. The transport asks again if it replaces a connection that was
// closed, unused, while the call waited.
type turn struct {
	pacer  *Pacer
	ctx    context.Context // the caller's, which bounds the wait
	expire *time.Timer     // cancels the try
	limit  time.Duration
	cancel context.CancelCauseFunc
	began  time.Time // when the request could be sent
	err    error     // of the wait
}

// gotConn is a function of httptrace.ClientTrace.
func (t *turn) gotConn(httptrace.GotConnInfo) {
	t.expire.Stop()
	if t.err = t.pacer.Wait(t.ctx); t.err != nil {
		t.cancel(t.err)
	}
	t.start()
}

// start begins the time limit: the request can be sent.
func (t *turn) start() {
	t.expire.Reset(t.limit)
	t.began = time.Now()
}

// wroteRequest is a function of httptrace.ClientTrace.
func (t *turn) wroteRequest(httptrace.WroteRequestInfo) { t.pacer.Sent() }
