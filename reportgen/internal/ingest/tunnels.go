package ingest

import (
	"encoding/binary"
	"errors"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// shortHeader decodes a header that only leads to the packet in it, and for which
// gopacket has no decoder that reuses memory.
type shortHeader struct {
	kind gopacket.LayerType
	// cut returns what follows the header, and the kind of it. It returns false if
	// the header is not complete.
	cut func(data []byte) (rest []byte, next gopacket.LayerType, ok bool)

	rest []byte
	next gopacket.LayerType
}

// ciscoHDLC is the type of a layer that gopacket does not know.
var ciscoHDLC = gopacket.RegisterLayerType(9001, gopacket.LayerTypeMetadata{Name: "Cisco HDLC"})

var errShortHeader = errors.New("the header is cut off")

// DecodeFromBytes implements gopacket.DecodingLayer.
func (h *shortHeader) DecodeFromBytes(data []byte, df gopacket.DecodeFeedback) error {
	var ok bool
	if h.rest, h.next, ok = h.cut(data); !ok {
		df.SetTruncated()
		return errShortHeader
	}
	return nil
}

// CanDecode implements gopacket.DecodingLayer.
func (h *shortHeader) CanDecode() gopacket.LayerClass { return h.kind }

// NextLayerType implements gopacket.DecodingLayer.
func (h *shortHeader) NextLayerType() gopacket.LayerType { return h.next }

// LayerPayload implements gopacket.DecodingLayer.
func (h *shortHeader) LayerPayload() []byte { return h.rest }

// tunnelLayers are the headers between a link or an IP packet and the IP packet that
// they carry: those of providers (MPLS, PPPoE) and of tunnels, which also carry copies
// of traffic to sensors (VXLAN and Geneve in clouds, ERSPAN in networks).
func tunnelLayers() []gopacket.DecodingLayer {
	return []gopacket.DecodingLayer{
		&shortHeader{kind: layers.LayerTypeMPLS, cut: cutMPLS}, &shortHeader{kind: layers.LayerTypePPPoE, cut: cutPPPoE},
		&shortHeader{kind: layers.LayerTypePPP, cut: cutPPP}, &shortHeader{kind: ciscoHDLC, cut: cutCiscoHDLC},
		&layers.GRE{}, &layers.VXLAN{}, &layers.Geneve{}, &layers.GTPv1U{}, &layers.ERSPANII{}, &layers.PFLog{},
	}
}

// cutMPLS cuts off a stack of labels (RFC 3032). Nothing in it says what it carries: an
// IP packet begins with its version, and an Ethernet frame has a word of zeros before it
// (RFC 4385).
func cutMPLS(data []byte) (rest []byte, next gopacket.LayerType, ok bool) {
	const bottom = 0x01
	for {
		if len(data) < 5 {
			return nil, 0, false
		}
		last := data[2]&bottom != 0
		data = data[4:]
		if last {
			break
		}
	}
	switch {
	case data[0]>>4 == 4:
		return data, layers.LayerTypeIPv4, true
	case data[0]>>4 == 6:
		return data, layers.LayerTypeIPv6, true
	case data[0]>>4 == 0 && len(data) > 4:
		return data[4:], layers.LayerTypeEthernet, true
	}
	return data, gopacket.LayerTypePayload, true
}

// cutPPPoE cuts off the header of PPP over Ethernet (RFC 2516).
func cutPPPoE(data []byte) (rest []byte, next gopacket.LayerType, ok bool) {
	const session = 0
	if len(data) < 6 {
		return nil, 0, false
	}
	if data[1] != session {
		return data[6:], gopacket.LayerTypePayload, true
	}
	return data[6:], layers.LayerTypePPP, true
}

// cutPPP cuts off the header of PPP (RFC 1661), whose address and control may be left
// out, as may the first byte of the protocol.
func cutPPP(data []byte) (rest []byte, next gopacket.LayerType, ok bool) {
	if len(data) >= 4 && data[0] == 0x0f && data[1] == 0 {
		return cutCiscoHDLC(data)
	}
	if len(data) >= 2 && data[0] == 0xff && data[1] == 0x03 {
		data = data[2:]
	}
	if len(data) < 2 {
		return nil, 0, false
	}
	protocol := uint16(data[0])
	if rest = data[1:]; data[0]&1 == 0 {
		protocol, rest = binary.BigEndian.Uint16(data), data[2:]
	}
	switch protocol {
	case 0x21:
		return rest, layers.LayerTypeIPv4, true
	case 0x57:
		return rest, layers.LayerTypeIPv6, true
	case 0x281, 0x283:
		return rest, layers.LayerTypeMPLS, true
	}
	return rest, gopacket.LayerTypePayload, true
}

// cutCiscoHDLC cuts off the header of Cisco's HDLC, which ends with the type of Ethernet.
func cutCiscoHDLC(data []byte) (rest []byte, next gopacket.LayerType, ok bool) {
	if len(data) < 4 {
		return nil, 0, false
	}
	return data[4:], layers.EthernetType(binary.BigEndian.Uint16(data[2:])).LayerType(), true
}
