"""Runs SQL statements with chDB, which is ClickHouse as a library."""

import chdb.session

import statements

db = chdb.session.Session()
version = str(db.query("SELECT version()", "TabSeparated")).strip()
statements.run(f"ClickHouse {version}", db.query)
