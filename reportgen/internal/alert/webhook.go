package alert

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// webhook posts each message as JSON.
type webhook struct {
	url, token string
	client     *http.Client
	endless    bool // an answer had no end: do not wait for that of others
}

func newWebhook(url, token string, config *tls.Config) *webhook {
	client := &http.Client{
		// A redirect would send the alert and the token elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if config != nil {
		client.Transport = &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: config.Clone(), ForceAttemptHTTP2: true}
	}
	return &webhook{url: url, token: token, client: client}
}

// The body of an answer is not needed. A part of that of an error is quoted, and
// a short one is read to its end so that the connection can be used again.
const (
	bodyQuoted = 200
	bodyRead   = 16 << 10
	bodyWait   = 200 * time.Millisecond
)

func (w *webhook) size([]message) int { return 1 }

func (w *webhook) send(ctx context.Context, messages []message) (int, error) {
	m := messages[0]
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, strings.NewReader(m.Payload))
	if err != nil {
		return 0, refused{w.bare(err)}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "flowbook")
	req.Header.Set("Idempotency-Key", m.UID)
	if w.token != "" {
		req.Header.Set("Authorization", "Bearer "+w.token)
	}
	res, err := w.client.Do(req)
	if err != nil {
		return 0, w.bare(err)
	}
	body := w.readBody(res, cancel)
	status := printable(res.Status)
	switch {
	case res.StatusCode/100 == 2:
		return 1, nil
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable:
		seconds, _ := strconv.ParseUint(res.Header.Get("Retry-After"), 10, 16)
		return 0, retryAfter{fmt.Errorf("response %s", status), time.Duration(seconds) * time.Second}
	case res.StatusCode/100 == 5 || res.StatusCode == http.StatusRequestTimeout:
		return 0, fmt.Errorf("response %s", status)
	case res.StatusCode/100 == 3:
		return 0, refused{fmt.Errorf("response %s; use the address that it redirects to", status)}
	}
	return 0, refused{fmt.Errorf("response %s: %s", status, printable(body))}
}

// readBody reads a short body and closes it. A body that does not end soon is
// given up: the status says all that matters.
func (w *webhook) readBody(res *http.Response, cancel context.CancelFunc) string {
	defer res.Body.Close()
	if w.endless && res.StatusCode/100 == 2 {
		return ""
	}
	timer := time.AfterFunc(bodyWait, cancel)
	defer timer.Stop()
	body, err := io.ReadAll(io.LimitReader(res.Body, bodyRead))
	w.endless = w.endless || err != nil
	return string(body[:min(len(body), bodyQuoted)])
}

// bare removes the URL, which may hold a secret, from an error of net/http.
func (w *webhook) bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func (w *webhook) Close() error {
	w.client.CloseIdleConnections()
	return nil
}
