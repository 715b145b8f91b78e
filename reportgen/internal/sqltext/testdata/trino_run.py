"""Runs SQL statements with a Trino server of its own.

The server is in the folder $FLOWBOOK_TRINO, and $FLOWBOOK_TRINO_JAVA is the Java that runs it. Its catalog hive reads
Parquet files on this machine and writes tables to $FLOWBOOK_TABLES.
"""

import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

import trino

import statements

JVM = ["-Xmx2G", "-XX:+ExitOnOutOfMemoryError", "-Djdk.attach.allowAttachSelf=true", "--add-modules=jdk.incubator.vector"]
CONFIG = """coordinator=true
node-scheduler.include-coordinator=true
node.internal-address=127.0.0.1
http-server.http.port={port}
discovery.uri=http://127.0.0.1:{port}
query.max-memory-per-node=1GB
"""
HIVE = """connector.name=hive
hive.metastore=file
hive.metastore.catalog.dir=local://{tables}
hive.non-managed-table-writes-enabled=true
hive.compression-codec=GZIP
fs.native-local.enabled=true
local.location=/
"""


def start(server, work):
    """Starts a server with its files in a folder; returns the process and its port."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    (work / "catalog").mkdir()
    (work / "config.properties").write_text(CONFIG.format(port=port))
    (work / "catalog" / "hive.properties").write_text(HIVE.format(tables=os.environ["FLOWBOOK_TABLES"]))
    options = {"node.environment": "test", "node.data-dir": work / "data", "config": work / "config.properties",
               "catalog.config-dir": work / "catalog", "plugin.dir": server / "plugin"}
    command = [os.environ.get("FLOWBOOK_TRINO_JAVA", "java"), *JVM, *(f"-D{name}={value}" for name, value in options.items()), "-cp", f"{server}/lib/*", "io.trino.server.TrinoServer"]
    with open(work / "server.log", "w") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, cwd=work), port


def cursor(process, port, work):
    """Waits until the server answers, which may take minutes on a busy machine; returns a cursor and the version."""
    for _ in range(600):
        if process.poll() is not None:
            sys.exit("the server ended:\n" + (work / "server.log").read_text()[-2000:])
        try:
            c = trino.dbapi.connect(host="127.0.0.1", port=port, user="test", catalog="hive").cursor()
            c.execute("SELECT version()")
            return c, f"Trino {c.fetchone()[0]}"
        except Exception:
            time.sleep(1)
    sys.exit("the server did not start within ten minutes")


def main():
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        process, port = start(pathlib.Path(os.environ["FLOWBOOK_TRINO"]), work)
        try:
            c, version = cursor(process, port, work)
            statements.run(version, lambda sql: c.execute(sql).fetchall())
        finally:
            process.terminate()
            process.wait()


main()
