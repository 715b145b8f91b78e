package ingest

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/valyala/fastjson"
)

// zeekNameLog matches the logs of Zeek that say what a client asked for.
var zeekNameLog = regexp.MustCompile(`^(ssl|http|dns)([._-]?[0-9].*)?\.(log|json|ndjson)(\.gz|\.zst|\.bz2|\.xz)?$`)

// zeekNameFields are the fields of these logs that hold the name.
var zeekNameFields = []string{"server_name", "host", "query"}

// maxNamed bounds the connections whose names are remembered, and with them the
// memory, to about 300 MB.
const maxNamed = 4 << 20

// zeekHosts are the names that clients asked for, by a hash of the uid of their
// connection. Of a connection with several the first is kept: that of ssl.log before
// http.log before dns.log.
type zeekHosts struct {
	byUID  map[uint64]string
	names  nameTable
	passed int64 // connections that were too many
}

func uidHash(uid []byte) uint64 {
	h := fnv.New64a()
	h.Write(uid) // never fails
	return h.Sum64()
}

// name returns the name of a connection, or "".
func (z *zeekHosts) name(uid []byte) string {
	if z == nil || uid == nil {
		return ""
	}
	return z.byUID[uidHash(uid)]
}

func (z *zeekHosts) add(uid, name []byte) {
	host := hostName(name)
	if len(uid) == 0 || host == "" || string(name) == "-" {
		return
	}
	key := uidHash(uid)
	if _, ok := z.byUID[key]; ok {
		return
	}
	if len(z.byUID) >= maxNamed {
		z.passed++
		return
	}
	z.byUID[key] = z.names.name([]byte(host))
}

// readZeekHosts reads the logs among files that hold names.
func readZeekHosts(files []string) (*zeekHosts, error) {
	z := &zeekHosts{byUID: map[uint64]string{}}
	for _, kind := range []string{"ssl", "http", "dns"} {
		for _, file := range files {
			if strings.HasPrefix(filepath.Base(file), kind) {
				if err := z.read(file); err != nil {
					return nil, fmt.Errorf("%s: %w", file, err)
				}
			}
		}
	}
	return z, nil
}

func (z *zeekHosts) read(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	in, err := newLines(f)
	if err != nil {
		return err
	}
	defer in.Close()
	separator := []byte("\t")
	uid, name := -1, -1
	var parser fastjson.Parser
	for {
		line, _, err := in.next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			if _, ok := err.(*rowError); ok { //nolint:errorlint // it is not wrapped
				continue // too long a line: the name of one connection is not known
			}
			return err
		case bytes.HasPrefix(line, []byte("#separator ")):
			if s, err := unescape(line[len("#separator "):]); err == nil && len(s) > 0 {
				separator = s
			}
		case bytes.HasPrefix(line, []byte("#fields")):
			fields := strings.Split(string(line), string(separator))[1:]
			uid = slices.Index(fields, "uid")
			name = slices.IndexFunc(fields, func(f string) bool { return slices.Contains(zeekNameFields, f) })
		case len(line) == 0 || line[0] == '#':
		case line[0] == '{':
			v, err := parser.ParseBytes(line)
			if err != nil {
				continue // a row cut off while it was written
			}
			for _, field := range zeekNameFields {
				z.add(v.GetStringBytes("uid"), v.GetStringBytes(field))
			}
		case uid >= 0 && name >= 0:
			if fields := bytes.Split(line, separator); len(fields) > max(uid, name) {
				z.add(fields[uid], fields[name])
			}
		}
	}
}
