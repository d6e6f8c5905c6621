package serverhost

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"voc/internal/app"
	"voc/internal/config"
	"voc/internal/httpapi"
)

// askWithin bounds one request. A store that is slow to answer is reported by the API earlier.
const askWithin = time.Minute

// api asks an API: that of a server elsewhere, or that of this process, over the store that the
// environment configures. Both answer alike, and show what a reader may see.
type api struct {
	http.Client
	url   string // without /api
	place string // the URL, or the store
	token string // "" for none
	close func()
}

// openAPI returns the API at a URL, with or without /api, or with "" that of this process. The
// caller closes it.
func (p *Program) openAPI(ctx context.Context, at string) (*api, error) {
	client, err := p.client()
	if err != nil {
		return nil, err
	}
	a := &api{Client: http.Client{Timeout: askWithin}, token: client.Token.Reveal()}
	if at != "" {
		a.url, a.close = at, func() {}
		for _, tail := range []string{"/", "/cache", "/api"} {
			a.url = strings.TrimSuffix(a.url, tail)
		}
		u, err := url.Parse(at)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, errEnvironment(fmt.Errorf("%q is not the URL of an API: write it as in "+
				"https://voc.example.com", at))
		}
		a.place = a.url
		return a, nil
	}
	s, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	parts := s.Parts
	parts.Now = p.now
	parts.Log = slog.New(slog.DiscardHandler) // responses carry the warnings
	replica := app.NewReplica(parts)
	local := app.NewAPI(parts, replica, app.NoRefresher{}, httpapi.Platform{})
	a.Transport, a.url, a.place = inProcess{local}, "http://localhost", s.Store.String()
	a.close = func() { replica.Close(); s.close() }
	return a, nil
}

// client reads how to reach the server of this environment.
func (p *Program) client() (config.Client, error) {
	client, err := config.LoadClient(p.Environ)
	if err != nil {
		return client, errEnvironment(err)
	}
	return client, nil
}

// answer is a response that was read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// get requests a path. A status other than 200 and wanted is an error with the reason that the API
// gives.
func (a *api) get(ctx context.Context, path string, wanted ...int) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url+path, nil)
	if err != nil {
		return answer{}, err
	}
	if a.token != "" {
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	response, err := a.Do(r)
	if err != nil {
		return answer{}, fmt.Errorf("ask %s: %w", a.url, errors.Unwrap(err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, fmt.Errorf("read %s%s: %w", a.url, path, err)
	}
	if slices.Contains(append(wanted, http.StatusOK), response.StatusCode) && json.Valid(body) {
		return answer{response.StatusCode, response.Header, body}, nil
	}
	var problem struct{ Detail string }
	_ = json.Unmarshal(body, &problem)
	text := cmp.Or(problem.Detail, "this is not the API of voc")
	if response.StatusCode == http.StatusUnauthorized {
		text += ": set READ_TOKENS or ADMIN_TOKENS to a token of that server"
	}
	if _, local := a.Transport.(inProcess); local {
		return answer{}, errors.New(text)
	}
	return answer{}, fmt.Errorf("GET %s%s: %s: %s", a.url, path, response.Status, text)
}

// inProcess sends requests to a handler of this process.
type inProcess struct{ http.Handler }

// RoundTrip implements http.RoundTripper.
func (h inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := &recorded{header: http.Header{}, status: http.StatusOK}
	h.ServeHTTP(w, r)
	return &http.Response{
		Status:     fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)),
		StatusCode: w.status,
		Header:     w.header,
		Body:       io.NopCloser(&w.body),
		Request:    r,
	}, nil
}

// recorded is a response in memory.
type recorded struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (w *recorded) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *recorded) WriteHeader(status int) { w.status = status }

// Write implements http.ResponseWriter.
func (w *recorded) Write(text []byte) (int, error) { return w.body.Write(text) }
