"""Runs the SQL statements on standard input, a JSON list, with DuckDB."""

import json
import sys

import duckdb

db = duckdb.connect(config={"threads": 2})
for statement in json.load(sys.stdin):
    db.execute(statement)
