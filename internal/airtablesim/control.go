package airtablesim

import (
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// ControlPath is where [Server.WithControl] has its commands.
const ControlPath = "/control"

// action is a command of the control path.
type action struct {
	name, meaning string
	parameters    string // as curl sends them; "" for none
	do            func(*Server, url.Values) error
}

// always is how often a fault of the control path applies: until undo.
const always = math.MaxInt

var actions = []action{
	{"down", "every call is 503, as in an outage of Airtable", "", script(Unavailable())},
	{"reset", "every connection is reset", "", script(Reset())},
	{"refuse-token", "the token is refused with 401, as one that was revoked", "", refuseToken},
	{"rate-limit", "every call is 429", "", script(RateLimit(ShapeList))},
	{"billing-limit", "every call is 429: the month's calls are used up", "", script(BillingLimit())},
	{"stall", "responses stop half way, and the connection stays open", "", script(Stall())},
	{"cut", "responses end half way", "", script(Cut())},
	{"rename-field", "a field gets another name", "-d field=Status -d to=State", renameField},
	{"drop-field", "a field is removed with its cells", "-d field=Status", dropField},
	{"blank-field", "a field is empty in every record", "-d field=Status", blankField},
	{"delete-half", "every second record is deleted", "", deleteHalf},
	{"undo", "all of this is over: the table is as it was before the first command", "", undo},
}

// WithControl returns a handler that serves the Web API and, at ControlPath, commands that
// make the emulator fail on purpose, from a shell:
//
//	GET  /control               the commands, as lines to paste
//	POST /control/drop-field    with the form field=Status
//
// They answer in plain text. Only a client on this machine may use them, and no page in a
// browser: requests from elsewhere, to a name that is not local, or with the header Origin
// are 403. The commands last until undo, which also discards edits made since the first.
func (s *Server) WithControl() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == ControlPath || strings.HasPrefix(r.URL.Path, ControlPath+"/") {
			s.control(w, r)
			return
		}
		s.ServeHTTP(w, r)
	})
}

func (s *Server) control(w http.ResponseWriter, r *http.Request) {
	name := strings.Trim(strings.TrimPrefix(r.URL.Path, ControlPath), "/")
	i := slices.IndexFunc(actions, func(a action) bool { return a.name == name })
	switch {
	case !local(r):
		http.Error(w, "only a client on this machine may make the emulator fail", http.StatusForbidden)
	case name == "" && r.Method == http.MethodGet:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		WriteControlUsage(w, "http://"+r.Host)
	case i < 0:
		http.Error(w, "no such command: GET "+ControlPath+" lists them", http.StatusNotFound)
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "use POST", http.StatusMethodNotAllowed)
	default:
		s.run(actions[i], w, r)
	}
}

// run does a command.
func (s *Server) run(a action, w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.whole == nil {
		s.whole = s.table.clone()
	}
	if err := a.do(s, r.Form); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	fmt.Fprintf(w, "%s: %s\n", a.name, a.meaning)
}

// local reports whether a request comes from a program on this machine that is no browser.
func local(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() || r.Header.Get("Origin") != "" {
		return false
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.Unmap().IsLoopback()
}

// WriteControlUsage writes the commands for an emulator at a URL, as lines to paste. It
// ignores errors of w.
func WriteControlUsage(w io.Writer, origin string) {
	fmt.Fprint(w, "These commands make the emulator fail, until undo:\n\n")
	for _, a := range actions {
		parameters := a.parameters
		if parameters == "" {
			parameters = "-X POST"
		}
		fmt.Fprintf(w, "# %s\ncurl %s %s%s/%s\n", a.meaning, parameters, origin, ControlPath, a.name)
	}
}

// script returns an action that makes every call fail in one way. Of two such commands the
// later one counts.
func script(f Fault) func(*Server, url.Values) error {
	return func(s *Server, _ url.Values) error {
		s.faults = []Fault{f.Repeat(always)}
		return nil
	}
}

func refuseToken(s *Server, _ url.Values) error {
	s.refuseTokens = true
	return nil
}

// fieldOf returns the field that a command names.
func (s *Server) fieldOf(form url.Values) (*field, error) {
	name := form.Get("field")
	if f := s.table.named(name); f != nil {
		return f, nil
	}
	var names []string
	for _, f := range s.table.fields {
		names = append(names, f.name)
	}
	return nil, fmt.Errorf("no field %q: -d field=… is one of %s", name, strings.Join(names, ", "))
}

func renameField(s *Server, form url.Values) error {
	f, err := s.fieldOf(form)
	to := form.Get("to")
	switch {
	case err != nil:
		return err
	case to == "" || s.table.named(to) != nil:
		return fmt.Errorf("-d to=… must be a new name, not %q", to)
	}
	renamed := *f
	renamed.name = to
	s.table.setFields(replaced(s.table.fields, f, &renamed))
	return nil
}

func dropField(s *Server, form url.Values) error {
	f, err := s.fieldOf(form)
	if err != nil {
		return err
	}
	s.table.setFields(replaced(s.table.fields, f))
	return nil
}

// blankField empties the cells as an edit does, so that the records count as modified.
func blankField(s *Server, form url.Values) error {
	f, err := s.fieldOf(form)
	if err != nil {
		return err
	}
	if f.computed() {
		return fmt.Errorf("the field %q is computed: name another one", f.name)
	}
	for _, r := range s.table.records {
		if _, ok := r.cells[f.id]; ok {
			blank := r.with(map[string]cell{f.id: {}})
			blank.modified = s.now()
			s.table.put(blank)
		}
	}
	return nil
}

func deleteHalf(s *Server, _ url.Values) error {
	for i, id := range slices.Clone(s.table.sequence) {
		if i%2 == 1 {
			s.table.remove(id)
		}
	}
	return nil
}

// undo restores the table. A record whose cells come back was edited by that, and counts as
// modified; one that was deleted comes back as it was, so only a listing of all finds it.
func undo(s *Server, _ url.Values) error {
	was := s.table
	s.table, s.whole = s.whole, nil
	s.table.version = was.version + 1
	for id, r := range s.table.records {
		if now := was.records[id]; now != nil && now != r {
			back := *r
			back.modified = s.now()
			s.table.put(&back)
		}
	}
	s.faults, s.refuseTokens = nil, false
	return nil
}
