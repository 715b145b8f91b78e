package kernel

import (
	"time"

	"github.com/go-zeromq/zmq4"
)

// stateSilent is how a kernel ended that was there and did nothing: stopped by a
// signal, or deadlocked as a whole. A cell that computes does not keep a kernel
// from answering its heartbeat.
const stateSilent = "ended because it no longer answered its heartbeat"

// heartbeatEvery is the time between two beats.
const heartbeatEvery = time.Second

// watch asks for the kernel's heartbeat until it ends, and ends the kernel where
// it was answered once and then not for the time that the options say. A kernel
// that never answers has no heartbeat, and is left alone.
func (k *Kernel) watch() {
	beats := make(chan struct{}, 1)
	go func() {
		for {
			if _, err := k.sockets.heartbeat.Recv(); err != nil {
				return
			}
			select {
			case beats <- struct{}{}:
			default:
			}
		}
	}()
	every := min(heartbeatEvery, k.opts.HeartbeatTimeout/4)
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	var last time.Time // zero until the first answer
	for {
		select {
		case <-beats:
			last = time.Now()
		case <-ticks.C:
			if !last.IsZero() && time.Since(last) > k.opts.HeartbeatTimeout {
				k.silent.Store(true)
				k.proc.end()
				return
			}
			// The empty frame is what a request socket puts before its message.
			if err := k.sockets.heartbeat.SendMulti(zmq4.NewMsgFrom(nil, []byte("ping"))); err != nil {
				return // the kernel has ended, or is being closed
			}
		case <-k.proc.exited:
			return
		case <-k.done:
			return
		}
	}
}
