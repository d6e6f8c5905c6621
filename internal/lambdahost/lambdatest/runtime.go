package lambdatest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// responseLimit is the largest response that Lambda accepts, in bytes (its runtime emulator,
// November 2026).
const responseLimit = 6_291_556

// runtime is the Runtime API of one process (developer guide, "Using the Lambda runtime API").
type runtime struct {
	server  *httptest.Server
	events  chan *task
	waiting chan struct{} // holds one element while the process polls for an event

	polls sync.WaitGroup

	mu      sync.Mutex
	count   int
	current *task // nil for none
}

// task is an event that is being handled.
type task struct {
	id       string
	event    []byte
	deadline time.Time
	result   chan Result
}

func newRuntime(t testing.TB) *runtime {
	r := &runtime{events: make(chan *task), waiting: make(chan struct{}, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", r.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", r.response)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", r.failure)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", r.failure)
	r.server = httptest.NewServer(mux)
	t.Cleanup(func() {
		r.server.CloseClientConnections()
		r.server.Close()
	})
	return r
}

func (r *runtime) address() string { return strings.TrimPrefix(r.server.URL, "http://") }

// offer sends an event to the process as soon as that polls for one.
func (r *runtime) offer(event []byte, deadline time.Time) <-chan Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count++
	r.current = &task{
		id:    fmt.Sprintf("00000000-0000-4000-8000-%012d", r.count),
		event: event, deadline: deadline, result: make(chan Result, 1),
	}
	go func(t *task) { r.events <- t }(r.current)
	return r.current.result
}

// withdraw drops the current event, whose process has exited.
func (r *runtime) withdraw() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current = nil
	select {
	case <-r.events: // no process has polled for it
	default:
	}
}

// reset ends the polls of a process that has exited, so that they receive no event of the next one.
func (r *runtime) reset() {
	r.server.CloseClientConnections()
	r.polls.Wait()
	r.clearWaiting()
}

func (r *runtime) clearWaiting() {
	select {
	case <-r.waiting:
	default:
	}
}

func (r *runtime) next(w http.ResponseWriter, req *http.Request) {
	r.polls.Add(1)
	defer r.polls.Done()
	select {
	case r.waiting <- struct{}{}:
	default:
	}
	select {
	case t := <-r.events:
		r.clearWaiting()
		header := w.Header()
		header.Set("Lambda-Runtime-Aws-Request-Id", t.id)
		header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(t.deadline.UnixMilli(), 10))
		header.Set("Lambda-Runtime-Invoked-Function-Arn",
			"arn:aws:lambda:eu-central-1:123456789012:function:voc")
		header.Set("Content-Type", "application/json")
		_, _ = w.Write(t.event) // fails if the process has exited
	case <-req.Context().Done():
	}
}

func (r *runtime) response(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(io.LimitReader(req.Body, responseLimit+1))
	switch {
	case err != nil:
		w.WriteHeader(http.StatusBadRequest)
	case len(body) > responseLimit:
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		r.finish(req.PathValue("id"), failed("Function.ResponseSizeTooLarge",
			"Response payload size exceeded maximum allowed payload size (6291556 bytes)."))
	default:
		w.WriteHeader(http.StatusAccepted)
		r.finish(req.PathValue("id"), Result{Payload: body})
	}
}

func (r *runtime) failure(w http.ResponseWriter, req *http.Request) {
	var fault Error
	if err := json.NewDecoder(req.Body).Decode(&fault); err != nil {
		fault = Error{"Runtime.Unknown", err.Error()}
	}
	w.WriteHeader(http.StatusAccepted)
	r.finish(req.PathValue("id"), Result{Error: &fault})
}

// finish ends the current event, if it has this id or id is "".
func (r *runtime) finish(id string, result Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current != nil && (r.current.id == id || id == "") {
		r.current.result <- result
		r.current = nil
	}
}

// Result is the result of an event.
type Result struct {
	Payload []byte // the response
	Error   *Error // as Lambda reports it; nil for none
}

// Error is a failed event.
type Error struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

func failed(kind, message string) Result { return Result{Error: &Error{kind, message}} }
