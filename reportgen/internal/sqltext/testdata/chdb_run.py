"""Runs the SQL statements on standard input, a JSON list, with chDB, which is ClickHouse as a library."""

import json
import sys

import chdb.session

db = chdb.session.Session()
for statement in json.load(sys.stdin):
    db.query(statement)
