package kernel

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/google/uuid"
)

const protocolVersion = "5.3"

// delimiter ends the routing identities of a message on the wire.
const delimiter = "<IDS|MSG>"

// header is the header of a message, as the wire protocol defines it.
type header struct {
	ID       string `json:"msg_id"`
	Session  string `json:"session"`
	Username string `json:"username"`
	Date     string `json:"date"`
	Type     string `json:"msg_type"`
	Version  string `json:"version"`
}

// message is one message of the Jupyter wire protocol. Parent is zero if the message
// has none.
type message struct {
	Header  header
	Parent  header
	Content json.RawMessage
	Buffers [][]byte // binary data of widgets
}

// codec signs and checks messages with the connection's key.
type codec struct {
	key     []byte
	session string
}

func (c codec) sign(parts [][]byte) []byte {
	mac := hmac.New(sha256.New, c.key)
	for _, p := range parts {
		mac.Write(p)
	}
	return hex.AppendEncode(nil, mac.Sum(nil))
}

// encode makes a request of the given type and returns its id.
func (c codec) encode(msgType string, content any) (zmq4.Msg, string, error) {
	h := header{
		ID: uuid.NewString(), Session: c.session, Username: "reportgen",
		Date: time.Now().UTC().Format(time.RFC3339Nano), Type: msgType, Version: protocolVersion,
	}
	var parts [][]byte
	for _, v := range []any{h, struct{}{}, struct{}{}, content} {
		p, err := json.Marshal(v)
		if err != nil {
			return zmq4.Msg{}, "", fmt.Errorf("encode %s: %w", msgType, err)
		}
		parts = append(parts, p)
	}
	frames := append([][]byte{[]byte(delimiter), c.sign(parts)}, parts...)
	return zmq4.NewMsgFrom(frames...), h.ID, nil
}

var errSignature = errors.New("the message's signature does not match the connection's key")

// decode checks and decodes the frames of one message.
func (c codec) decode(frames [][]byte) (*message, error) {
	at := slices.IndexFunc(frames, func(f []byte) bool { return string(f) == delimiter })
	if at < 0 || len(frames) < at+6 {
		return nil, fmt.Errorf("not a Jupyter message: %d frames, delimiter at %d", len(frames), at)
	}
	parts := frames[at+2 : at+6]
	if !hmac.Equal(c.sign(parts), frames[at+1]) {
		return nil, errSignature
	}
	m := &message{Content: json.RawMessage(parts[3]), Buffers: frames[at+6:]}
	if err := json.Unmarshal(parts[0], &m.Header); err != nil {
		return nil, fmt.Errorf("message header: %w", err)
	}
	if err := json.Unmarshal(parts[1], &m.Parent); err != nil {
		return nil, fmt.Errorf("parent header of %s: %w", m.Header.Type, err)
	}
	return m, nil
}
