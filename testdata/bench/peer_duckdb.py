"""The aggregates of a profile in DuckDB's SQL, in several formulations.

    peer_duckdb.py FORMULATION FILE           measures one formulation
    peer_duckdb.py check FILE FOLDER FORMULATION…   compares them with the CSV that dump wrote

The time is that of the queries alone, read from the Parquet file into tables in memory.
"""

import json
import sys
import time

import duckdb

HOURS = ", ".join(f"count(*) FILTER (t // 360000 = {h}) AS h{h}" for h in range(24))
SUM_HOURS = ", ".join(f"CAST(sum(h{h}) AS BIGINT) AS h{h}" for h in range(24))
KEY = "src, dst, proto, port"
FLOWS = """SELECT CAST("timestamp" AS BIGINT) AS t, src_ip AS src, dst_ip AS dst, proto, port, up_bytes AS up, down_bytes AS down
           FROM read_parquet('{file}')"""

COUNTS = "count(*) AS flows, CAST(sum(up) AS BIGINT) AS up, CAST(sum(down) AS BIGINT) AS down"
SUMS = f"{COUNTS}, max(up) AS max_up, max(down) AS max_down, min(t) AS first, max(t) AS last, {HOURS}"
GAPS = """count(*) AS seconds, CAST(coalesce(sum(gap), 0) AS BIGINT) AS gap_sum,
          CAST(coalesce(sum(gap * gap), 0) AS BIGINT) AS gap_squares,
          coalesce(min(gap), 0) AS gap_min, coalesce(max(gap), 0) AS gap_max"""


def hosts(f):
    """Per half hour of a host, and per hour of all, which adds those up."""
    return [
        f"CREATE OR REPLACE TABLE slots AS SELECT src, t // 180000 AS slot, {COUNTS} FROM ({f}) GROUP BY ALL",
        """CREATE OR REPLACE TABLE hours AS SELECT slot // 2 AS hour, CAST(sum(flows) AS BIGINT) AS flows,
           CAST(sum(up) AS BIGINT) AS up, CAST(sum(down) AS BIGINT) AS down FROM slots GROUP BY ALL""",
    ]


def lists(f):
    """Seconds of a conversation as a list, gaps by list functions."""
    return hosts(f) + [
        f"""CREATE OR REPLACE TABLE conversations AS
        WITH c AS (SELECT {KEY}, {SUMS}, list_sort(list_distinct(list(t // 100))) AS s FROM ({f}) GROUP BY {KEY}),
             g AS (SELECT * EXCLUDE (s), len(s) AS seconds,
                   list_transform(range(1, len(s)), lambda i: s[i + 1] - s[i]) AS gaps FROM c)
        SELECT * EXCLUDE (gaps), CAST(coalesce(list_sum(gaps), 0) AS BIGINT) AS gap_sum,
               CAST(coalesce(list_sum(list_transform(gaps, lambda g: g * g)), 0) AS BIGINT) AS gap_squares,
               coalesce(list_min(gaps), 0) AS gap_min, coalesce(list_max(gaps), 0) AS gap_max FROM g"""
    ]


def window(f):
    """Two groupings of the flows: by conversation, and by conversation and second with a window for the gaps."""
    return hosts(f) + [
        f"""CREATE OR REPLACE TABLE conversations AS
        WITH c AS (SELECT {KEY}, {SUMS} FROM ({f}) GROUP BY {KEY}),
             s AS (SELECT DISTINCT {KEY}, t // 100 AS second FROM ({f})),
             w AS (SELECT {KEY}, second - lag(second) OVER (PARTITION BY {KEY} ORDER BY second) AS gap FROM s),
             g AS (SELECT {KEY}, {GAPS} FROM w GROUP BY {KEY})
        SELECT * FROM c JOIN g USING ({KEY})"""
    ]


def levels(f, flows="flows"):
    """First by conversation and second, then, with a window for the gaps, by conversation."""
    return [
        f"""CREATE OR REPLACE TABLE conversations AS
        WITH s AS (SELECT {KEY}, t // 100 AS second, {COUNTS}, max(up) AS max_up, max(down) AS max_down,
                          min(t) AS first, max(t) AS last, any_value(t // 360000) AS hour FROM ({f}) GROUP BY {KEY}, second),
             w AS (SELECT *, second - lag(second) OVER (PARTITION BY {KEY} ORDER BY second) AS gap FROM s)
        SELECT {KEY}, CAST(sum(flows) AS BIGINT) AS flows, CAST(sum(up) AS BIGINT) AS up, CAST(sum(down) AS BIGINT) AS down,
               max(max_up) AS max_up, max(max_down) AS max_down, min(first) AS first, max(last) AS last,
               {", ".join(f"CAST(coalesce(sum(flows) FILTER (hour = {h}), 0) AS BIGINT) AS h{h}" for h in range(24))},
               {GAPS} FROM w GROUP BY {KEY}"""
    ] + hosts(f)


def numbered(f):
    """As lists, but the texts are replaced by numbers first and the flows kept in a table."""
    return [
        f"CREATE OR REPLACE TABLE raw AS {f}",
        """CREATE OR REPLACE TABLE addrs AS SELECT CAST(row_number() OVER () AS INTEGER) AS n, a
           FROM (SELECT src AS a FROM raw UNION SELECT dst FROM raw)""",
        """CREATE OR REPLACE TABLE coded AS SELECT t, s.n AS src, d.n AS dst, proto = 'udp' AS proto, port, up, down
           FROM raw JOIN addrs s ON s.a = raw.src JOIN addrs d ON d.a = raw.dst""",
    ] + lists("FROM coded") + [
        "CREATE OR REPLACE TABLE slots AS SELECT a AS src, slots.* EXCLUDE (src) FROM slots JOIN addrs ON n = src",
        """CREATE OR REPLACE TABLE conversations AS SELECT s.a AS src, d.a AS dst, if(proto, 'udp', 'tcp') AS proto,
           c.* EXCLUDE (src, dst, proto) FROM conversations c JOIN addrs s ON s.n = src JOIN addrs d ON d.n = dst""",
    ]


FORMULATIONS = {f.__name__: f for f in (lists, window, levels, numbered)}


def run(db, formulation, file):
    start = time.perf_counter()
    for query in FORMULATIONS[formulation](FLOWS.format(file=file)):
        db.execute(query)
    return time.perf_counter() - start


def check(file, folder, *formulations):
    """Compares each formulation with what Flowbook found; any row too many or too few is an error."""
    for formulation in formulations:
        db = duckdb.connect()
        run(db, formulation, file)
        for table in ("hours", "slots", "conversations"):
            columns = ", ".join(f'"{c[0]}"' for c in db.execute(f"DESCRIBE {table}").fetchall())
            ours = f"(SELECT {columns} FROM read_csv('{folder}/{table}.csv', all_varchar=true))"
            theirs = f"(SELECT CAST(COLUMNS(*) AS VARCHAR) FROM {table})"
            for a, b, what in ((ours, theirs, "Flowbook alone"), (theirs, ours, "DuckDB alone")):
                rows = db.execute(f"(SELECT * FROM {a}) EXCEPT ALL (SELECT * FROM {b}) LIMIT 3").fetchall()
                if rows:
                    sys.exit(f"{formulation}: {table}: rows that {what} has: {rows}")
        rows = db.execute("SELECT count(*) FROM conversations").fetchone()[0]
        print(json.dumps({"formulation": formulation, "conversations": rows}))


if __name__ == "__main__":
    if sys.argv[1] == "check":
        check(*sys.argv[2:])
    else:
        print(json.dumps({"seconds": run(duckdb.connect(), *sys.argv[1:])}))
