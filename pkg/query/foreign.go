package query

import (
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"github.com/flowbook/flowbook/pkg/flow"
)

// foreign are the names of columns, and the words of filters and queries, in Zeek, nfdump, Argus,
// Suricata, cloud logs and tcpdump, and our names. They are only suggested: what they
// mean differs a little from tool to tool.
var foreign = func() map[string]string {
	names := map[string]string{}
	for column, words := range map[string]string{
		flow.ColTime:        "ts,time,_time,te,tfs,stime,starttime,start,start_time,firstseen,first_seen,first,@timestamp,datetime,frame.time",
		flow.ColSrc:         "id.orig_h,orig_h,sa,src,saddr,srcaddr,srcip,source,source_ip,source.ip,src_addr,sip,client,client_ip,ip.src,src ip,src host,src net",
		flow.ColDst:         "id.resp_h,resp_h,da,dst,daddr,dstaddr,dstip,destination,dest_ip,destination_ip,destination.ip,dst_addr,dip,server,server_ip,dest,ip.dst,dst ip,dst host,dst net",
		flow.ColProto:       "pr,protocol,ip_proto,ip.proto,network.transport,transport",
		flow.ColPort:        "id.resp_p,resp_p,dp,dport,dst_port,dstport,dest_port,destination_port,destination.port,tcp.port,udp.port,tcp.dstport,udp.dstport,dst port",
		flow.ColUp:          "orig_bytes,orig_ip_bytes,ibyt,sbytes,srcbytes,src_bytes,bytes_toserver,bytes_sent,bytes_out,source.bytes,upload,uploaded",
		flow.ColDown:        "resp_bytes,resp_ip_bytes,obyt,dbytes,dstbytes,dst_bytes,bytes_toclient,bytes_received,bytes_in,destination.bytes,download,downloaded",
		flow.ColDuration:    "td,dur,event.duration,length",
		flow.ColSrcPort:     "id.orig_p,orig_p,sp,sport,srcport,source_port,source.port,tcp.srcport,udp.srcport,src port",
		flow.ColUpPackets:   "orig_pkts,ipkt,spkts,srcpkts,pkts_toserver,source.packets",
		flow.ColDownPackets: "resp_pkts,opkt,dpkts,dstpkts,pkts_toclient,destination.packets",
		flow.ColState:       "conn_state,flg,flags,tcp_flags,action,status",
		flow.ColName:        "sni,server_name,hostname,domain,query,tls.sni",
		ColDate:             "day",
		ColBytes:            "byt,totbytes,total_bytes,octets,network.bytes,ip.len",
		ColPackets:          "pkt,pkts,totpkts,total_packets",
		ColService:          "app,application,app_name",
		ColCountry:          "cc,geo,country_code",
		ColOwner:            "as,asn,org,organisation,organization,as_name",
		ColSrcOwner:         "src as",
		ColDstOwner:         "dst as",
		ColDirection:        "dir",
		colIP:               "host,net,addr,address,ip.addr",
		ColFlows:            "count,n,connections,size",
		// Parts of a query.
		"where": "filter,condition", "by": "groupby,group_by,group-by", "order": "sort,sort-by,orderby,order-by", "limit": "head", "columns": "select,fields",
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

// patternOf are patterns of like for the tests of texts in other languages.
var patternOf = map[string]string{
	"startswith": "'text%'", "starts_with": "'text%'", "beginswith": "'text%'", "endswith": "'%text'", "ends_with": "'%text'",
	"contains": "'%text%'", "has": "'%text%'", "matches": "'%text%'", "match": "'%text%'", "regexp": "'%text%'", "regex": "'%text%'", "rlike": "'%text%'", "glob": "'%text%'",
}

// conditionOf are conditions for columns of true and false that other tools have.
var conditionOf = map[string]string{
	"src_internal": "src_ip in internal", "local_orig": "src_ip in internal", "src_is_internal": "src_ip in internal",
	"dst_internal": "dst_ip in internal", "local_resp": "dst_ip in internal", "dst_is_internal": "dst_ip in internal",
	"outbound": "direction = out", "egress": "direction = out", "inbound": "direction = in", "ingress": "direction = in",
}

// clauses are the words around a condition in SQL.
var clauses = map[string]bool{"select": true, "where": true, "having": true, "from": true, "case": true, "exists": true}

// operatorHints say what to write for signs of other languages.
var operatorHints = map[byte]string{
	'[': "a list is in parentheses, as in (80, 443)", '{': "a list is in parentheses, as in (80, 443)",
	'~': "for a part of a text, write like '%text%', in which % is any text",
	'&': "for two conditions, write and", '|': "for two conditions, write or",
	';': "an expression is one condition, without anything after it",
}

// DidYouMean returns a question after the names that may be meant by a name, such as "did you
// mean port?": what another tool calls by it, or else the nearest. It is empty if no
// name is near.
func DidYouMean(name string, names []string) string {
	near := Nearest(name, names)
	if i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, name) }); i >= 0 {
		near = names[i : i+1]
	}
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
	if words != "" && strings.EqualFold(got, "net") {
		words += " in"
	}
	switch first, _, _ := strings.Cut(strings.TrimSpace(p.text), " "); {
	case clauses[strings.ToLower(first)]:
		p.fail(p.tok.place, "unexpected %s; write only a condition, such as port = 443, without %s", got, first)
	case got == ",":
		p.fail(p.tok.place, "unexpected ,; a list is in parentheses, as in (80, 443), and a number has no commas, as in 1000000 or 1M")
	case got == "(" && column != "":
		p.fail(p.tok.place, "unexpected (; conditions have no functions, such as %s; a column is written without parentheses, as in hour = 10", column)
	case column != "" && patternOf[strings.ToLower(got)] != "":
		p.fail(p.tok.place, "unexpected %s; write %s like %s, in which %% is any text", got, column, patternOf[strings.ToLower(got)])
	case p.tok.kind == tokWord && isWordAfter(lastOf(e)):
		p.fail(p.tok.place, "unexpected %s; a text of several words is in quotes, as in owner = 'Google LLC'", got)
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

// isWordAfter reports whether a condition ends with a word, as in owner = Google.
func isWordAfter(e Expr) bool {
	b, ok := e.(*Binary)
	if !ok || binding[b.Op] != bindCompare {
		return false
	}
	_, ok = b.Right.(*Ref)
	return ok
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
