"""Runs the SQL statements on standard input, a JSON list, and prints what each took as JSON."""

import glob
import json
import os
import sys
import time


def processor():
    """Seconds of processor time of this process and of those that it started, at any depth."""
    took, parents = {}, {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path) as f:
                fields = f.read().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        pid = int(path.split("/")[2])
        parents[pid], took[pid] = int(fields[1]), int(fields[11]) + int(fields[12])
    family, grown = {os.getpid()}, True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in family} - family
        family, grown = family | more, bool(more)
    return sum(took.get(pid, 0) for pid in family) / os.sysconf("SC_CLK_TCK")


def run(engine, execute):
    """Runs the statements with a function; engine is the name and version of the database."""
    took = []
    for statement in json.load(sys.stdin):
        start, before = time.perf_counter(), processor()
        try:
            execute(statement)
        except Exception as e:
            sys.exit(f"{e}\n{statement[:2000]}")
        took.append({"seconds": time.perf_counter() - start, "cpu": processor() - before})
    print(json.dumps({"engine": engine, "statements": took}))
