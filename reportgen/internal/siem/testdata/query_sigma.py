"""Answers Sigma rules from a table of flows with SQLite, as pySigma converts them.

Standard input is JSON: rows, each a map of fields, and rules, each a YAML text
of one or more documents. It prints for each rule the distinct src_ip, sorted.
"""
import json
import re
import sqlite3
import sys

from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection

asked = json.load(sys.stdin)
db = sqlite3.connect(":memory:")
db.create_function("regexp", 2, lambda pattern, x: x is not None and re.search(pattern, str(x)) is not None)
db.row_factory = sqlite3.Row
names = list(asked["rows"][0])
# Sigma compares without case.
db.execute("CREATE TABLE logs (%s)" % ", ".join(n + " COLLATE NOCASE" for n in names))
for row in asked["rows"]:
    db.execute("INSERT INTO logs VALUES (%s)" % ", ".join("?" * len(names)), [row[n] for n in names])
answers = []
for rule in asked["rules"]:
    sources = set()
    for query in sqliteBackend().convert(SigmaCollection.from_yaml(rule)):
        for row in db.execute(query):
            # A correlation answers with its groups, a rule with flows.
            groups = row["group_keys"] if "group_keys" in row.keys() else None
            sources.add(json.loads(groups)["src_ip"] if groups else row["src_ip"])
    answers.append(sorted(sources))
json.dump(answers, sys.stdout)
