"""A webhook whose answers do not end, a spool of many alerts, and a kill near the end of sending.

Run by make cases: $R is the program, $PROJECT this repository; case 10 has a day with 300 alerts.
"""

import http.server
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

PROGRAM = os.environ["R"]
DAY = pathlib.Path.cwd().parent / "10-syslog-tcp-loss"
work = pathlib.Path(os.environ["TMPDIR"], "webhook")
work.mkdir()


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    ends = True
    received = []
    kill = None  # called with the number of alerts received

    def do_POST(self):
        alert = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Receiver.received.append(alert["uid"])
        self.send_response(200)
        self.send_header("Content-Length", "0" if Receiver.ends else "1000000")
        self.end_headers()
        if Receiver.kill:
            Receiver.kill(len(Receiver.received))

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that was killed


server = Server(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
URL = "http://127.0.0.1:%d/" % server.server_address[1]


def detect(spool, background=False):
    command = [PROGRAM, "detect", "--test", DAY / "m300.parquet", "--rules", DAY / "many.yaml", "--alert", URL, "--alert-spool", work / spool, "--alert-retries", "0", "--alert-least", "info", "--format", "json"]
    program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if background:
        return program
    return program.wait()


Receiver.ends = False
began = time.monotonic()
status = detect("endless")
print("an endless body: exit %d, %d alerts, %s" % (status, len(Receiver.received), "soon" if time.monotonic() - began < 60 else "late"))
Receiver.ends = True

alerts = len(set(Receiver.received))
Receiver.received.clear()
program = detect("killed", background=True)
Receiver.kill = lambda n: n >= alerts - 5 and program.send_signal(signal.SIGKILL)
program.wait()
Receiver.kill = None
status = detect("killed")
print("killed near the end: exit %d, missing %d, %d twice" % (status, alerts - len(set(Receiver.received)), len(Receiver.received) - alerts))
