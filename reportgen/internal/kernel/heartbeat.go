package kernel

import (
	"time"

	"github.com/go-zeromq/zmq4"
)

// stateSilent is the state of a kernel that was killed because it hung: stopped by a
// signal, or deadlocked. A kernel answers its heartbeat while a cell computes.
const stateSilent = "killed because it did not answer its heartbeat"

// heartbeatEvery is the time between two beats.
const heartbeatEvery = time.Second

// watch asks for the kernel's heartbeat until the kernel ends. It kills a kernel that
// answered once and then not within [Options].HeartbeatTimeout. A kernel that never
// answers has no heartbeat, and is not watched.
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
			// A request socket puts an empty frame before its message.
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
