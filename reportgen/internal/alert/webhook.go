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
}

func newWebhook(url, token string, config *tls.Config) *webhook {
	client := &http.Client{
		// A redirect would send the alert, and the token, somewhere else than
		// was said.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if config != nil {
		client.Transport = &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: config.Clone(), ForceAttemptHTTP2: true}
	}
	return &webhook{url: url, token: token, client: client}
}

// bodyShown is how many bytes of an answer an error quotes.
const bodyShown = 200

func (w *webhook) send(ctx context.Context, m message) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, strings.NewReader(m.Payload))
	if err != nil {
		return refused{w.bare(err)}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "flowbook")
	req.Header.Set("Idempotency-Key", m.UID)
	if w.token != "" {
		req.Header.Set("Authorization", "Bearer "+w.token)
	}
	res, err := w.client.Do(req)
	if err != nil {
		return w.bare(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, bodyShown))
	switch {
	case res.StatusCode/100 == 2:
		return nil
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable:
		seconds, _ := strconv.ParseUint(res.Header.Get("Retry-After"), 10, 16)
		return retryAfter{fmt.Errorf("answer %s", res.Status), time.Duration(seconds) * time.Second}
	case res.StatusCode/100 == 5 || res.StatusCode == http.StatusRequestTimeout || err != nil:
		return fmt.Errorf("answer %s", res.Status)
	case res.StatusCode/100 == 3:
		return refused{fmt.Errorf("answer %s; give the address that it redirects to", res.Status)}
	}
	return refused{fmt.Errorf("answer %s: %s", res.Status, printable(string(body)))}
}

// bare takes the URL, which may hold a secret, out of an error of net/http.
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
