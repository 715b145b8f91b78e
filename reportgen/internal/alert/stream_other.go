//go:build !linux

package alert

import "net"

// unacknowledged returns how many of the bytes sent over a connection the other
// side has not acknowledged, if the system says so.
func unacknowledged(net.Conn) (int, error) { return 0, nil }
