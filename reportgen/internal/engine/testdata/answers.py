"""Answers SQL queries about a flow file with DuckDB, and writes the file as other programs write it.

    answers.py FILE FOLDER < queries    reads one query a line and prints the rows of each as a line of JSON
"""

import json
import pathlib
import sys

import duckdb
import pyarrow.parquet as pq

file, folder = sys.argv[1], pathlib.Path(sys.argv[2])
table = pq.read_table(file)
pq.write_table(table, folder / "groups.parquet", row_group_size=999)
pq.write_table(table, folder / "pages.parquet", use_dictionary=False, write_page_index=True, data_page_size=4096, write_batch_size=64)
pq.write_table(table, folder / "one.parquet")
pq.write_table(table, folder / "index.parquet", write_page_index=True, data_page_size=4096, write_batch_size=64)
f = duckdb.connect()
f.execute(f"CREATE TABLE f AS SELECT * FROM '{file}'")
for line in sys.stdin:
    print(json.dumps([[x if x is None or isinstance(x, str) else float(x) for x in row] for row in f.execute(line).fetchall()]))
