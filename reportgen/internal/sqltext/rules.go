package sqltext

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/reportgen/internal/aggregates"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// fault is a reason why a row is not a flow, in the columns of the query "numbered".
type fault struct {
	column, reason string
	condition      string
	value          string // expression for the value as a profile shows it
}

// faults are all reasons, in the order in which they are looked for.
func (d *Dialect) faults() []fault {
	null := func(column, name string) fault {
		return fault{column, flowfile.ReasonNull, name + " IS NULL", "''"}
	}
	fraction := func(column, name string) fault {
		return fault{column, flowfile.ReasonNumber, name + "_n IS NULL", d.text(name)}
	}
	address := func(column, name string) fault {
		return fault{column, flowfile.ReasonAddress, "NOT (" + d.isAddress(name) + ")", name}
	}
	outside := func(column, name, reason, condition string) fault {
		return fault{column, reason, name + "_n " + condition, d.text(name + "_n")}
	}
	return []fault{
		null(flow.ColTime, "t"), fraction(flow.ColTime, "t"),
		outside(flow.ColTime, "t", flowfile.ReasonTime, fmt.Sprintf("NOT BETWEEN 0 AND %d", int(flow.Day)-1)),
		null(flow.ColSrc, "src"), address(flow.ColSrc, "src"),
		null(flow.ColDst, "dst"), address(flow.ColDst, "dst"),
		null(flow.ColProto, "proto"), {flow.ColProto, flowfile.ReasonProtocol, "proto_n IS NULL", "proto"},
		null(flow.ColPort, "port"), fraction(flow.ColPort, "port"), outside(flow.ColPort, "port", flowfile.ReasonPort, "NOT BETWEEN 0 AND 65535"),
		null(flow.ColUp, "up"), fraction(flow.ColUp, "up"), outside(flow.ColUp, "up", flowfile.ReasonBytes, "< 0"),
		null(flow.ColDown, "down"), fraction(flow.ColDown, "down"), outside(flow.ColDown, "down", flowfile.ReasonBytes, "< 0"),
		{flow.ColProto, aggregates.UnusedProtocol, fmt.Sprintf("proto_n NOT IN (%d, %d)", flow.TCP, flow.UDP), d.text("proto_n")},
	}
}

// The texts of addresses, as [flow.ParseAddr] reads them. Backslashes, which some
// dialects read in texts, are avoided.
var ipv4Pattern, ipv6Pattern = func() (string, string) {
	const (
		octet = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
		v4    = "(" + octet + "[.]){3}" + octet
		group = "[0-9a-fA-F]{1,4}"
	)
	var forms []string
	add := func(format string, args ...any) { forms = append(forms, fmt.Sprintf(format, args...)) }
	add("(%s:){7}%s", group, group)
	add("(%s:){6}%s", group, v4)
	// With n groups before the two colons, at most 7-n follow, and an IPv4 address counts as two.
	for n := range 8 {
		head := ":"
		if n > 0 {
			head = fmt.Sprintf("(%s:){%d}", group, n)
		}
		switch left := 7 - n; {
		case left == 0:
			add("%s:", head)
		case left == 1:
			add("%s:(%s)?", head, group)
		default:
			add("%s(:|(:%s){1,%d}|(:%s){0,%d}:%s)", head, group, left, group, left-2, v4)
		}
	}
	return "^" + v4 + "$", "^(" + strings.Join(forms, "|") + ")$"
}()

// isAddress tests whether a text is an address.
func (d *Dialect) isAddress(x string) string {
	return d.matches(x, ipv4Pattern) + " OR " + d.matches(x, ipv6Pattern)
}

// protocol returns the number of a protocol as [flow.ParseProto] reads it, or null.
func (d *Dialect) protocol(x string) string {
	names := map[int]string{}
	for n := range 256 {
		if name := flow.Proto(n).String(); !strings.HasPrefix(name, "proto-") {
			names[n] = name
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "CASE lower(%s)", x)
	for _, n := range append([]int{int(flow.TCP), int(flow.UDP)}, slices.Sorted(maps.Keys(names))...) {
		if name, ok := names[n]; ok {
			fmt.Fprintf(&b, " WHEN %s THEN %d", quote(name), n)
			delete(names, n)
		}
	}
	digits := fmt.Sprintf("replace(lower(%s), 'proto-', '')", x)
	fmt.Fprintf(&b, " ELSE CASE WHEN %s THEN CASE WHEN %s <= 255 THEN %s%s",
		d.matches("lower("+x+")", "^(proto-)?0*[0-9]{1,3}$"), d.integer(digits), d.integer(digits), strings.Repeat(" END", 3))
	return b.String()
}

// rounded rounds a size down to an eighth of its power of two, as [profile.Sizes] does:
// all but the first four of its bits become 0.
func (d *Dialect) rounded(x string) string {
	return fmt.Sprintf("%s - %s %% %s", x, x, d.power("greatest("+d.bits(x)+" - 4, 0)"))
}

// sizeOf rounds sizes of 2 GiB and more, which are never exact.
func (d *Dialect) sizeOf(x string) string {
	return fmt.Sprintf("CASE WHEN %s < 2147483648 THEN %s ELSE %s END", x, x, d.rounded(x))
}
