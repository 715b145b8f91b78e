package sentinel

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/flowbook/flowbook/pkg/detect"
	"github.com/flowbook/flowbook/pkg/frame"
	"github.com/flowbook/flowbook/pkg/geo"
	"github.com/flowbook/flowbook/pkg/units"
)

// writeMarkdown writes the measures taken as a report: the tables and charts,
// then a card for each host that they list, with its origin, its owner and,
// where Options.Resolver is set, its reverse name. The charts are the files that
// Charts names, beside the report. It holds no time and no path: the same day
// gives the same bytes, except for the answers of name servers.
func (a *Analysis) writeMarkdown(ctx context.Context, w io.Writer) error {
	cards := a.cards()
	names, err := a.resolve(ctx, cards)
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("# Sentinel traffic report\n\n")
	for _, s := range a.day.Sources {
		fmt.Fprintf(&b, "Flows of %s (%d rows, SHA-256 `%s`).\n\n", escape(s.Name), s.Rows, s.SHA256)
	}
	section := func(heading, title, table string, notes []string) {
		fmt.Fprintf(&b, "## %s\n\n%s\n\n```text\n%s\n```\n\n", heading, escape(title), table)
		for _, n := range notes {
			fmt.Fprintf(&b, "- %s\n", escape(n))
		}
		if len(notes) > 0 {
			b.WriteByte('\n')
		}
	}
	if a.opt.Country {
		section("Connection volume by country", "Flows and received bytes by country of destination. Addresses without a known country, including internal ones, are in the row without a name.", a.countryTable(), nil)
		a.picture(&b, countryChart)
	}
	if a.opt.Distribution {
		section("Connection volume per hour", hourTitle, a.hourTable(), nil)
		a.picture(&b, hourChart)
	}
	if a.opt.Exfiltration {
		section("Data exfiltration", a.ratioTitle(), a.ratioTable(), a.uploadNotes())
		writeCards(&b, cards, kindUpload, names)
		writeCards(&b, cards, kindRatio, names)
	}
	if a.opt.Botnet {
		if len(a.Subnets) == 0 {
			b.WriteString("## Botnet\n\nNo subnet has flows between its hosts.\n\n")
		}
		for i, s := range a.Subnets {
			section("Botnet: "+s.Network.String(), s.title(), s.table(), a.subnetNotes(i))
			writeCards(&b, cards, s.Network.String(), names)
		}
		writeCards(&b, cards, kindMesh, names)
	}
	_, err = io.WriteString(w, strings.TrimRight(b.String(), "\n")+"\n")
	return err
}

func (a *Analysis) picture(b *strings.Builder, name string) {
	for _, c := range a.figures() {
		if c.Name == name {
			fmt.Fprintf(b, "![%s](%s)\n\n", escape(c.Alt), c.Name)
		}
	}
}

// The kinds of cards that are not of a subnet, which are named by its network.
const (
	kindUpload = "Alerts: unusual uploads"
	kindRatio  = "Alerts: received over sent"
	kindMesh   = "Alerts: new meshes"
)

// card is an alert on one host.
type card struct {
	kind   string
	title  string
	about  netip.Addr // whose origin, owner and reverse name are printed
	fields [][2]string
}

// cards returns the cards of all tables in their order.
func (a *Analysis) cards() []card {
	var cards []card
	if a.opt.Baseline == nil {
		for _, u := range a.Uploads {
			cards = append(cards, a.card(kindUpload, fmt.Sprintf("%s to %s", u.Src, u.Dst), u.Dst,
				"Sent", size(u.Up), "Received", size(u.Down), "Flows", fmt.Sprint(u.Flows),
				"From", minute(u.First), "To", minute(u.Last), "Score", fmt.Sprintf("%.1f", u.Score)))
		}
	}
	for _, f := range frame.Alerts(a.Findings) {
		kind := kindUpload
		if f.Rule == detect.RuleInternalP2P {
			kind = kindMesh
		}
		cards = append(cards, a.card(kind, f.Entity.String(), f.Entity, "Severity", string(f.Severity), "What was seen", clean(f.Summary),
			"From", minute(f.Window[0]), "To", minute(f.Window[1])))
	}
	for _, r := range a.Ratios {
		cards = append(cards, a.card(kindRatio, r.Src.String(), r.Src,
			"Received", size(r.Down), "Sent", size(r.Up),
			"Received ÷ sent", strings.TrimSpace(formatFloats([]float64{r.Ratio})[0]), "Percentile", fmt.Sprint(a.opt.Percentile)))
	}
	for i, s := range a.Subnets {
		roles := map[netip.Addr]detect.Role{}
		for _, server := range a.Insiders[i].Servers {
			roles[server.Addr] = server.Role
		}
		for _, r := range s.Rows {
			role, ok := roles[r.Dst]
			if !ok {
				role = detect.RolePeer
			}
			cards = append(cards, a.card(s.Network.String(), r.Dst.String(), r.Dst, "Subnet", s.Network.String(), "Role", string(role), "Flows", fmt.Sprint(r.Flows),
				"Flows per 1/100 s", strings.TrimSpace(formatFloats([]float64{r.Frequency})[0]), "Contacted by", addressList(r.Sources)))
		}
	}
	return cards
}

// size formats bytes, in units and as the tables do.
func size(n int64) string { return fmt.Sprintf("%s (%d bytes)", units.Bytes(n), n) }

// card makes a card of names and values in turn.
func (a *Analysis) card(kind, title string, about netip.Addr, fields ...string) card {
	c := card{kind: kind, title: title, about: about}
	origin, owner := "unknown", "unknown"
	if a.opt.Internal.Contains(about) {
		origin, owner = "internal", "internal"
	}
	switch at := a.geo.Country(about); {
	case at.Name != "" && at.Code != "":
		origin = fmt.Sprintf("%s (%s)", clean(at.Name), clean(at.Code))
	case at != geo.Country{}:
		origin = clean(at.Name + at.Code)
	}
	if o := a.geo.Owner(about); o.Name != "" || o.ASN != 0 {
		owner = strings.TrimSpace(fmt.Sprintf("AS%d %s", o.ASN, clean(o.Name)))
	}
	c.fields = append(c.fields, [2]string{"Origin", origin}, [2]string{"Owner", owner})
	for i := 0; i+1 < len(fields); i += 2 {
		c.fields = append(c.fields, [2]string{fields[i], fields[i+1]})
	}
	return c
}

// writeCards writes the cards of one kind, each a list.
func writeCards(b *strings.Builder, cards []card, kind string, names map[netip.Addr]string) {
	first := true
	for _, c := range cards {
		if c.kind != kind {
			continue
		}
		if first && strings.HasPrefix(kind, "Alerts") {
			fmt.Fprintf(b, "### %s\n\n", kind)
		}
		first = false
		fmt.Fprintf(b, "#### %s\n\n", escape(c.title))
		for i, f := range c.fields {
			fmt.Fprintf(b, "- %s: %s\n", f[0], escape(f[1]))
			if name, ok := names[c.about]; ok && i == 1 {
				fmt.Fprintf(b, "- Reverse name: %s\n", escape(name))
			}
		}
		b.WriteByte('\n')
	}
}

// escape writes text so that Markdown and HTML mean nothing in it, nor does what
// GitHub turns into a link by itself.
func escape(s string) string {
	var b strings.Builder
	for i, r := range s {
		before, after := strings.ToLower(s[:i]), s[i:]
		link := strings.HasPrefix(after, "://") || r == '.' && strings.HasSuffix(before, "www")
		if link || strings.ContainsRune("\\`*_{}[]<>&|~#$@!", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
