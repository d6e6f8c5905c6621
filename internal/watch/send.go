package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	sendTimeout = 5 * time.Second // of one try
	sendTries   = 3
)

// Webhook posts messages in Slack's format, which others accept too
// (https://api.slack.com/messaging/webhooks, 2026).
type Webhook struct {
	URL  string       // "": it is in a parameter that could not be read
	HTTP *http.Client // nil: http.DefaultClient
}

// Send posts a text, and tries again if that may help. It follows no redirect, which would request
// another page and lose the text. Its errors do not contain the URL.
func (w *Webhook) Send(ctx context.Context, text string) error {
	if w.URL == "" {
		return errors.New("the parameter of NOTIFY_WEBHOOK_URL could not be read")
	}
	client := http.Client{}
	if w.HTTP != nil {
		client = *w.HTTP
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	body, err := json.Marshal(map[string]string{"text": escape.Replace(text)})
	if err != nil {
		return err
	}
	return try(ctx, &client, func(ctx context.Context) (*http.Request, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
		if err == nil {
			r.Header.Set("Content-Type", "application/json")
		}
		return r, err
	})
}

// Heartbeat tells a monitor of the kind of healthchecks.io how a run ended
// (https://healthchecks.io/docs/http_api/, 2026).
type Heartbeat struct {
	URL  string
	HTTP *http.Client // nil: http.DefaultClient
}

// Ping requests the URL, or its path /fail. Its errors do not contain the URL.
func (h *Heartbeat) Ping(ctx context.Context, succeeded bool) error {
	target, err := url.Parse(h.URL)
	if err != nil {
		return errors.New("HEARTBEAT_URL is no URL")
	}
	if !succeeded {
		target = target.JoinPath("fail")
	}
	return try(ctx, h.HTTP, func(ctx context.Context) (*http.Request, error) {
		return http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	})
}

// try sends a request, at most sendTries times.
func try(
	ctx context.Context, client *http.Client,
	newRequest func(context.Context) (*http.Request, error),
) (err error) {
	if client == nil {
		client = http.DefaultClient
	}
	for i := range sendTries {
		if i > 0 {
			select {
			case <-time.After(time.Duration(i) * time.Second):
			case <-ctx.Done():
				return err
			}
		}
		var again bool
		if again, err = send(ctx, client, newRequest); err == nil || !again {
			return err
		}
	}
	return err
}

// send sends a request once. again reports whether another try may help.
func send(
	ctx context.Context, client *http.Client,
	newRequest func(context.Context) (*http.Request, error),
) (again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	request, err := newRequest(ctx)
	if err != nil {
		return false, errors.New("the address is no URL")
	}
	response, err := client.Do(request)
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return true, withoutAddress(failed, request.URL)
	}
	if err != nil {
		return true, err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // so that it is reused
	if response.StatusCode < 300 {
		return false, nil
	}
	again = response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests
	return again, fmt.Errorf("the answer is %s", response.Status)
}

// withoutAddress returns the cause of a failed request. The name of the host stays: without it an
// operator could do nothing about it.
func withoutAddress(failed *url.Error, address *url.URL) error {
	text := failed.Err.Error()
	for _, secret := range []string{address.String(), address.Path, address.RawQuery} {
		if len(secret) > 1 {
			text = strings.ReplaceAll(text, secret, "…")
		}
	}
	return errors.New(text)
}
