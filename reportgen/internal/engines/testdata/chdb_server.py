"""The part of ClickHouse's HTTP interface that runs a query, over chDB, which is ClickHouse as a library.

It runs the statements on standard input, a JSON list, then prints its port and answers until standard input ends.
"""

import http.server
import json
import sys
import threading

import chdb.session

db = chdb.session.Session()
for statement in json.loads(sys.stdin.readline()):
    db.query(statement)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        query = self.rfile.read(int(self.headers["Content-Length"])).decode()
        query = query.removesuffix("FORMAT Parquet")
        try:
            status, body = 200, db.query(query, "Parquet").bytes()
        except Exception as e:
            status, body = 500, str(e).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
