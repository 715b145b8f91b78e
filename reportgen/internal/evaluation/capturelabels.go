package evaluation

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/flow"
)

// readGzip calls read with the content of a gzip file. Errors name the file.
func readGzip(path string, read func(io.Reader) error) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := gzip.NewReader(f)
	if err == nil {
		err = read(z)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// labelledPeers returns the addresses to or from which a host has flows that
// Zeek's labelled connection log marks in its column label or detailedlabel,
// sorted. Multicast and link-local addresses are left out: they are not another
// end of an attack.
func labelledPeers(path string, host netip.Addr, mark string) ([]netip.Addr, error) {
	peers := map[netip.Addr]bool{}
	err := readGzip(path, func(r io.Reader) error {
		var src, dst, label, detailed int
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			fields := strings.Split(lines.Text(), "\t")
			if fields[0] == "#fields" {
				at := func(name string) int { return slices.Index(fields, name) - 1 }
				src, dst, label, detailed = at("id.orig_h"), at("id.resp_h"), at("label"), at("detailedlabel")
				if min(src, dst, label, detailed) < 0 {
					return errors.New("the log has no columns id.orig_h, id.resp_h, label and detailedlabel")
				}
				continue
			}
			if strings.HasPrefix(fields[0], "#") || label == 0 || len(fields) <= max(src, dst, label, detailed) ||
				fields[label] != mark && fields[detailed] != mark {
				continue
			}
			from, err := netip.ParseAddr(fields[src])
			to, err1 := netip.ParseAddr(fields[dst])
			if err := errors.Join(err, err1); err != nil {
				return err
			}
			switch host {
			case from:
				peers[to] = true
			case to:
				peers[from] = true
			}
		}
		return lines.Err()
	})
	maps.DeleteFunc(peers, func(a netip.Addr, _ bool) bool { return a.IsMulticast() || a.IsLinkLocalUnicast() || a == broadcast })
	return slices.SortedFunc(maps.Keys(peers), netip.Addr.Compare), err
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// dnsNormal is the label of DNS transactions that are not of a tunnel.
const dnsNormal = "normal"

// dnsTunnels is six tunnels through DNS, each a recording of its own, and the
// normal DNS of one busy host.
func dnsTunnels(ctx context.Context, dir string) ([]capture, error) {
	rows, err := readTransactions(filepath.Join(dir, "dns-tunnel", "flows_tx.csv.gz"))
	if err != nil {
		return nil, err
	}
	byLabel := map[string][]flow.Record{}
	for _, r := range rows {
		byLabel[r.label] = append(byLabel[r.label], r.Record)
	}
	var all []capture
	for _, name := range slices.Sorted(maps.Keys(byLabel)) {
		c := capture{name: "dns-tunnel/" + name, inside: flow.Private, days: []captureDay{{records: byLabel[name]}}}
		if name != dnsNormal {
			c.labels = []label{{what: "tunnel through DNS", entity: byLabel[name][0].Src, rules: []string{detect.RuleDNSC2}}}
		}
		all = append(all, c)
	}
	return all, ctx.Err()
}

// transaction is one labelled DNS transaction.
type transaction struct {
	flow.Record
	label string
}

// readTransactions reads the labelled DNS transactions, by label and time.
func readTransactions(path string) (rows []transaction, err error) {
	err = readGzip(path, func(z io.Reader) error {
		r := csv.NewReader(z)
		r.FieldsPerRecord = transactionColumns
		for {
			c, err := r.Read()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if line, _ := r.FieldPos(0); line > 1 {
				t, err := parseTransaction(c)
				if err != nil {
					return fmt.Errorf("line %d: %w", line, err)
				}
				rows = append(rows, t)
			}
		}
	})
	slices.SortStableFunc(rows, func(a, b transaction) int {
		return cmp.Or(cmp.Compare(a.label, b.label), cmp.Compare(a.Time, b.Time))
	})
	return rows, err
}

// transactionColumns is the number of columns of a labelled DNS transaction: ts,
// duration, src_ip, src_port, dst_ip, port, proto, up_bytes, down_bytes, packets
// in both directions, label.
const transactionColumns = 12

// parseTransaction reads a row of transactionColumns columns.
func parseTransaction(c []string) (transaction, error) {
	ts, err := strconv.ParseFloat(c[0], 64)
	if err == nil && !(ts >= 0 && ts < 1e12) {
		err = fmt.Errorf("not seconds since 1970: %s", c[0])
	}
	src, err1 := netip.ParseAddr(c[2])
	dst, err2 := netip.ParseAddr(c[4])
	up, err3 := strconv.ParseInt(c[7], 10, 64)
	down, err4 := strconv.ParseInt(c[8], 10, 64)
	if err := errors.Join(err, err1, err2, err3, err4); err != nil {
		return transaction{}, err
	}
	const day = float64(24 * time.Hour / time.Second)
	return transaction{label: c[11], Record: flow.Record{Time: flow.Time((ts - day*float64(int64(ts/day))) * float64(flow.Second)),
		Src: src, Dst: dst, Proto: flow.UDP, Port: 53, Up: up, Down: down}}, nil
}
