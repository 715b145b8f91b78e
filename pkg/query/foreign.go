package query

import (
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"github.com/flowbook/flowbook/pkg/flow"
)

// foreign are the names of columns, and the words of filters, in Zeek, nfdump, Argus,
// Suricata, cloud logs and tcpdump, and our names. They are only suggested: what they
// mean differs a little from tool to tool.
var foreign = func() map[string]string {
	names := map[string]string{}
	for column, words := range map[string]string{
		flow.ColTime:        "ts,time,te,tfs,stime,starttime,start,start_time,firstseen,first_seen,first,@timestamp,datetime",
		flow.ColSrc:         "id.orig_h,orig_h,sa,src,saddr,srcaddr,srcip,source,source_ip,source.ip,src_addr,sip,client,client_ip,src ip,src host,src net",
		flow.ColDst:         "id.resp_h,resp_h,da,dst,daddr,dstaddr,dstip,destination,dest_ip,destination_ip,destination.ip,dst_addr,dip,server,server_ip,dst ip,dst host,dst net",
		flow.ColProto:       "pr,protocol,ip_proto,network.transport,transport",
		flow.ColPort:        "id.resp_p,resp_p,dp,dport,dst_port,dstport,dest_port,destination_port,destination.port,dst port",
		flow.ColUp:          "orig_bytes,orig_ip_bytes,ibyt,sbytes,srcbytes,src_bytes,bytes_toserver,bytes_sent,source.bytes,upload,uploaded",
		flow.ColDown:        "resp_bytes,resp_ip_bytes,obyt,dbytes,dstbytes,dst_bytes,bytes_toclient,bytes_received,destination.bytes,download,downloaded",
		flow.ColDuration:    "td,dur,event.duration,length",
		flow.ColSrcPort:     "id.orig_p,orig_p,sp,sport,srcport,source_port,source.port,src port",
		flow.ColUpPackets:   "orig_pkts,ipkt,spkts,srcpkts,pkts_toserver,source.packets",
		flow.ColDownPackets: "resp_pkts,opkt,dpkts,dstpkts,pkts_toclient,destination.packets",
		flow.ColState:       "conn_state,flg,flags,tcp_flags,action,status",
		flow.ColName:        "sni,server_name,hostname,domain,query,tls.sni",
		ColDate:             "day",
		ColBytes:            "byt,totbytes,total_bytes,octets,network.bytes",
		ColPackets:          "pkt,pkts,totpkts,total_packets",
		ColCountry:          "cc,geo,country_code",
		ColOwner:            "as,asn,org,organisation,organization,as_name",
		ColSrcOwner:         "src as",
		ColDstOwner:         "dst as",
		ColDirection:        "dir",
		colIP:               "host,net,addr,address",
		ColFlows:            "count,n,connections,size",
	} {
		for word := range strings.SplitSeq(words, ",") {
			names[word] = column
		}
	}
	return names
}()

// stateOf are the states that Zeek's conn_state and the flags of other tools stand for.
var stateOf = map[string]flow.State{
	"s0": flow.Unanswered, "s1": flow.Open, "s2": flow.Established, "s3": flow.Established, "sf": flow.Established, "rej": flow.Refused,
	"rsto": flow.Reset, "rstr": flow.Reset, "rstos0": flow.Unanswered, "rstrh": flow.Other, "sh": flow.Unanswered, "shr": flow.Other, "oth": flow.Other,
}

// DidYouMean returns a question after the names that may be meant by a name, such as "did you
// mean port?": what another tool calls by it, or else the nearest. It is empty if no
// name is near.
func DidYouMean(name string, names []string) string {
	near := Nearest(name, names)
	if ours := foreign[strings.ToLower(name)]; slices.Contains(names, ours) {
		near = []string{ours}
	}
	if len(near) == 0 {
		return ""
	}
	return "did you mean " + english.WordSeries(near, "or") + "?"
}

// trailing reports what follows a whole expression.
func (p *parser) trailing(e Expr) {
	column := ""
	if r, ok := lastOf(e).(*Ref); ok {
		column = r.Name
	}
	got := p.text[p.tok.from:p.tok.to]
	words := foreign[strings.ToLower(column+" "+got)]
	switch {
	case got == ",":
		p.fail(p.tok.place, "unexpected ,; a list is in parentheses, as in (80, 443), and a number has no commas, as in 1000000 or 1M")
	case got == "(" && column != "":
		p.fail(p.tok.place, "unexpected (; conditions have no functions, such as %s", column)
	case column != "" && words != "":
		p.fail(p.tok.place, "unexpected %s; for %s %s, write %s", got, column, got, words)
	case column != "" && p.tok.kind != tokOp:
		op := "="
		if p.tok.value.Kind == Network {
			op = "in"
		}
		if ours := foreign[strings.ToLower(column)]; ours != "" {
			column = ours
		}
		p.fail(p.tok.place, "unexpected %s; write %s %s %s", got, column, op, got)
	default:
		p.unexpected("an operator, such as and, or, = or in")
	}
}

// lastOf returns the last of the conditions that and, or and not join.
func lastOf(e Expr) Expr {
	switch x := e.(type) {
	case *Binary:
		if binding[x.Op] < bindCompare {
			return lastOf(x.Right)
		}
	case *Unary:
		if x.Op == "not" {
			return lastOf(x.X)
		}
	}
	return e
}
