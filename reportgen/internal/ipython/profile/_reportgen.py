"""What reportgen adds to IPython's kernel.

Stream keeps the output of child processes in order. The module _observer finds what each
cell reads.
"""

import codecs
import os
import sys
import threading
import uuid

import _observer

# It ends what was written to a pipe so far.
MARK = uuid.uuid4().bytes


class Stream:
    """A stream of ipykernel with a pipe in place of its own.

    ipykernel reads what child processes write to stdout and stderr in a thread, and
    gives it to the cell that runs when it arrives. Here the kernel waits at the end of
    a cell, and before it prints after a child process, until all of it has been read.
    """

    def __init__(self, stream):
        self.stream = stream
        self.seen = threading.Event()
        self.children = False  # a child process was started since the last wait
        self.pid = os.getpid()
        self.fid, pipe = os.pipe()
        os.dup2(pipe, stream._original_stdstream_fd)
        os.close(pipe)
        self.write = stream.write
        stream.write = self.ordered_write
        self.thread = threading.Thread(target=self.watch, daemon=True)
        stream.watch_fd_thread = self.thread  # which the stream joins when it is closed
        self.thread.start()

    def watch(self):
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        pending = b""
        while True:
            try:
                data = os.read(self.fid, 1 << 16)
            except OSError:
                return
            if not data or not self.stream._should_watch:
                return
            *whole, pending = (pending + data).split(MARK)
            for part in whole:
                self.publish(decoder.decode(part), part)
                self.seen.set()
            # The pending bytes may end with the beginning of a mark.
            keep = next((n for n in range(min(len(MARK) - 1, len(pending)), 0, -1) if MARK.startswith(pending[-n:])), 0)
            part, pending = pending[: len(pending) - keep], pending[len(pending) - keep :]
            self.publish(decoder.decode(part), part)

    def publish(self, text, data):
        if text:
            self.write(text)
        if data:
            os.write(self.stream._original_stdstream_copy, data)

    def wait(self):
        """Waits until what was written to the pipe is read."""
        self.children = False
        if not self.thread.is_alive() or threading.current_thread() is self.thread or os.getpid() != self.pid:
            return
        self.seen.clear()
        os.write(self.stream._original_stdstream_fd, MARK)
        self.seen.wait(10)

    def ordered_write(self, text):
        if self.children:
            self.wait()
        return self.write(text)


streams = []


def after_cell(*_):
    for s in streams:
        s.wait()


def load_ipython_extension(shell):
    for stream in (sys.stdout, sys.stderr):
        if getattr(stream, "_should_watch", False) and hasattr(stream, "watch_fd_thread"):
            streams.append(Stream(stream))
    if streams:
        shell.events.register("post_run_cell", after_cell)
    _observer.Observer(shell, os.environ["REPORTGEN_OBSERVED"], streams)
