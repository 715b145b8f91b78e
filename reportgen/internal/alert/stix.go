package alert

import (
	"encoding/json"
	"io"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/flowbook/flowbook/reportgen/internal/console"
)

// stixNamespace is that of the ids of cyber observables (STIX 2.1, section 2.9).
var stixNamespace = uuid.MustParse("00abedb4-aa42-466c-9c01-fed23315a9b7")

// stixTime is the form of times in STIX.
const stixTime = "2006-01-02T15:04:05.000Z"

// stixObject is one object of a bundle. Maps are written in order of their keys.
type stixObject map[string]any

// stixBundle collects objects, each once.
type stixBundle struct {
	objects []stixObject
	known   map[string]bool
}

func (b *stixBundle) add(o stixObject) string {
	id := o["id"].(string)
	if !b.known[id] {
		b.known[id] = true
		b.objects = append(b.objects, o)
	}
	return id
}

// writeSTIX writes a bundle of STIX 2.1 with all alerts above info. Each alert is
// a sighting of an ATT&CK technique, with the traffic that was observed. Alerts of
// undated days have the time at which they were made.
func writeSTIX(w io.Writer, alerts []Alert) error {
	b := stixBundle{objects: []stixObject{}, known: map[string]bool{}}
	var ids strings.Builder
	for _, a := range shown(alerts) {
		b.addAlert(a)
		ids.WriteString(a.UID)
	}
	bundle := stixObject{"type": "bundle", "id": "bundle--" + uuid.NewSHA1(namespace, []byte("bundle"+ids.String())).String()}
	if len(b.objects) > 0 {
		bundle["objects"] = b.objects
	}
	return writeDocument(w, bundle)
}

// addAlert adds an alert and what it refers to.
func (b *stixBundle) addAlert(a Alert) {
	at := a.time().UTC().Format(stixTime)
	common := func(kind, key string) stixObject {
		return stixObject{"type": kind, "spec_version": "2.1", "id": stixID(kind, key), "created": at, "modified": at}
	}
	// The same object in all bundles, so that it has the same times in all.
	sensor := common("identity", "flowbook")
	sensor["created"], sensor["modified"] = time.Unix(0, 0).UTC().Format(stixTime), time.Unix(0, 0).UTC().Format(stixTime)
	sensor["name"], sensor["identity_class"] = "Flowbook", "system"
	by := b.add(sensor)

	refs, flows := b.addTraffic(a)
	first, last := a.First, a.Last
	if first.IsZero() {
		first, last = a.time(), a.time()
	}
	data := common("observed-data", a.UID)
	data["created_by_ref"], data["object_refs"] = by, refs
	data["first_observed"], data["last_observed"] = first.UTC().Format(stixTime), last.UTC().Format(stixTime)
	data["number_observed"] = min(max(flows, 1), 999_999_999)
	observed := b.add(data)
	for _, technique := range a.Finding.Attack {
		pattern := common("attack-pattern", technique)
		pattern["created"], pattern["modified"] = sensor["created"], sensor["modified"]
		pattern["created_by_ref"], pattern["name"] = by, technique
		pattern["external_references"] = []stixObject{{"source_name": "mitre-attack", "external_id": technique,
			"url": "https://attack.mitre.org/techniques/" + strings.ReplaceAll(technique, ".", "/")}}
		sighting := common("sighting", a.UID+" "+technique)
		sighting["created_by_ref"], sighting["sighting_of_ref"] = by, b.add(pattern)
		sighting["observed_data_refs"], sighting["where_sighted_refs"] = []string{observed}, []string{by}
		sighting["first_seen"], sighting["last_seen"], sighting["count"] = data["first_observed"], data["last_observed"], 1
		sighting["description"] = a.title() + ": " + a.Finding.Entity.String() + " " + a.Finding.Summary
		sighting["confidence"] = int(math.Round(100 * a.Finding.Score))
		sighting["labels"] = []string{string(a.Finding.Severity), a.Finding.Rule}
		b.add(sighting)
	}
}

// addTraffic adds the addresses and the traffic of an alert, and returns their ids
// and the number of flows.
func (b *stixBundle) addTraffic(a Alert) (refs []string, flows int64) {
	address := func(addr netip.Addr) string {
		kind := "ipv4-addr"
		if addr.Is6() {
			kind = "ipv6-addr"
		}
		return b.add(observable(kind, stixObject{"value": addr.String()}, nil))
	}
	for _, member := range a.Finding.Entities() {
		refs = append(refs, address(member))
	}
	e := a.ends
	if e.Src.IsValid() && e.Dst.IsValid() {
		src, dst := address(e.Src), address(e.Dst)
		about := stixObject{"src_ref": src, "dst_ref": dst, "protocols": []string{"ip"}}
		if e.Proto == "tcp" || e.Proto == "udp" {
			about["protocols"], about["dst_port"] = []string{e.Proto}, e.Port
		}
		refs = append(refs, src, dst, b.add(observable("network-traffic", about, stixObject{"src_byte_count": e.Up, "dst_byte_count": e.Down})))
	}
	slices.Sort(refs)
	return slices.Compact(refs), e.Flows
}

// observable returns a cyber observable, whose id depends on the properties that
// the standard names, as JSON with sorted keys, and not on others.
func observable(kind string, contributing, others stixObject) stixObject {
	key, err := json.Marshal(contributing)
	if err != nil {
		panic(err) // texts and numbers only
	}
	o := stixObject{"type": kind, "spec_version": "2.1", "id": kind + "--" + uuid.NewSHA1(stixNamespace, key).String()}
	for _, properties := range []stixObject{contributing, others} {
		for name, value := range properties {
			o[name] = value
		}
	}
	return o
}

func stixID(kind, key string) string {
	return kind + "--" + uuid.NewSHA1(namespace, []byte("stix "+kind+" "+key)).String()
}

// writeDocument writes one indented JSON document.
func writeDocument(w io.Writer, v any) error {
	text, err := console.EncodeJSON(v, "  ")
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}
