"""Runs SQL statements with DuckDB."""

import duckdb

import statements

db = duckdb.connect(config={"threads": 2})
statements.run(f"DuckDB {duckdb.__version__}", db.execute)
