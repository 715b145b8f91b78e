package engines

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/flowbook/flowbook/pkg/budget"
	"github.com/flowbook/flowbook/reportgen/internal/console"
	"github.com/flowbook/flowbook/reportgen/internal/sqltext"
)

// clickHouse is a ClickHouse server. Its HTTP interface returns the result of a query as a
// Parquet file, which is what packages aggregates and sqltext read.
type clickHouse struct {
	address  url.URL
	user     string
	password string
	table    string
}

// passwordVariable is the environment variable of the password, which would be seen by
// other users in a command line.
const passwordVariable = "CLICKHOUSE_PASSWORD"

// parseServer reads clickhouse://[USER@]HOST[:PORT]/[DATABASE][?table=TABLE&secure=true].
func parseServer(text string) (*clickHouse, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "clickhouse" || u.Host == "" { // the text may hold a password
		return nil, errors.New("--engine: want clickhouse://HOST/DATABASE?table=TABLE")
	}
	s := &clickHouse{address: url.URL{Scheme: "http", Host: u.Host, Path: "/"}, user: u.User.Username(), password: os.Getenv(passwordVariable)}
	if _, given := u.User.Password(); given {
		return nil, fmt.Errorf("--engine %s: a password in the address is seen by other users; set $%s", u.Redacted(), passwordVariable)
	}
	options := u.Query()
	port := "8123"
	for name, values := range options {
		switch {
		case name == "table":
			s.table = values[0]
		case name == "secure" && values[0] == "true":
			s.address.Scheme, port = "https", "8443"
		default:
			return nil, fmt.Errorf("--engine: unknown option %s=%s; the options are table and secure=true", name, values[0])
		}
	}
	if u.Port() == "" {
		s.address.Host += ":" + port
	}
	query := url.Values{"wait_end_of_query": {"1"}, "output_format_parquet_string_as_string": {"1"}, "output_format_parquet_compression_method": {"gzip"}, "max_query_size": {strconv.Itoa(sqltext.MaxStatement)}}
	if database := strings.Trim(u.Path, "/"); database != "" {
		query.Set("database", database)
	}
	s.address.RawQuery = query.Encode()
	return s, nil
}

// client follows no redirect: it would send the password elsewhere, or unencrypted.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// maxAnswer is the size of the largest table in bytes. The disk must not fill if a server sends without end.
const maxAnswer = 16 << 30

// answer writes the result of a query to a file, which may have so many bytes.
func (s *clickHouse) answer(ctx context.Context, query, path string, most int64) (err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address.String(), strings.NewReader(query+"\nFORMAT Parquet"))
	if err != nil {
		return err
	}
	if s.user != "" {
		request.Header.Set("X-ClickHouse-User", s.user)
	}
	if s.password != "" {
		request.Header.Set("X-ClickHouse-Key", s.password)
	}
	response, err := client.Do(request)
	if err != nil {
		var failed *url.Error // whose address has all settings
		if errors.As(err, &failed) {
			err = failed.Err
		}
		var network *net.OpError // which repeats the address
		if errors.As(err, &network) {
			err = network.Err
		}
		return fmt.Errorf("%s: %w", s.address.Host, err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 == 3 {
		return fmt.Errorf("%s: %s; use the address that it redirects to", s.address.Host, console.Escape(response.Status))
	}
	if response.StatusCode != http.StatusOK {
		message, _ := io.ReadAll(io.LimitReader(response.Body, 2000)) // the status alone says enough
		return fmt.Errorf("%s: %s: %s", s.address.Host, console.Escape(response.Status), console.Escape(strings.TrimSpace(string(message))))
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, budget.Reader(response.Body, "answer of "+s.address.Host, most))
	return errors.Join(err, f.Close())
}
