"""Ten typical queries in Flowbook, DuckDB, Polars and pandas: whether the answers are equal, and how long each takes.

    queries.py PROGRAM FILE ROUNDS [PEER]...     prints a Markdown table; PROGRAM is reportgen/internal/bench/query
    queries.py --peer NAME FILE HOST             answers the queries once and prints a line of JSON for each

All programs read the same Parquet file with their default settings. In each of ROUNDS rounds, each program answers all queries once, in a
process of its own, in turn. The time is the median over rounds of answering one query from the file, without the start of the program.
HOST in the queries stands for the source with most flows.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import time

PEERS = ["duckdb", "polars", "pandas"]


def agg(*words):
    """The aggregates of a query, such as "sum up_bytes"."""
    made = []
    for word in words:
        func, _, column = word.partition(" ")
        made.append({"func": func} | ({"column": column} if column else {}) | ({"quantile": 0.95} if func == "quantile" else {}))
    return made


def largest(column):
    return [{"column": column, "descending": True}]


MINUTE = 60 * 10**9
QUERIES = {
    "flows by port": (
        {"by": ["port"], "order": largest("flows"), "limit": 10},
        "SELECT port, count(*) FROM f GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10"),
    "bytes by source": (
        {"by": ["src_ip"], "aggregates": agg("sum up_bytes"), "order": largest("up_bytes"), "limit": 20},
        "SELECT src_ip, sum(up_bytes) FROM f GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20"),
    "large uploads to a port": (
        {"where": "port = 443 and up_bytes > 1MB", "by": ["src_ip"], "aggregates": agg("count", "sum up_bytes"), "order": largest("up_bytes")},
        "SELECT src_ip, count(*), sum(up_bytes) FROM f WHERE port = 443 AND up_bytes > 1000000 GROUP BY 1 ORDER BY 3 DESC, 1"),
    "bytes every five minutes": (
        {"every": 5 * MINUTE, "aggregates": agg("sum up_bytes", "sum down_bytes")},
        "SELECT timestamp // 30000 * 30000, sum(up_bytes), sum(down_bytes) FROM f GROUP BY 1 ORDER BY 1"),
    "bytes by pair of addresses": (
        {"by": ["src_ip", "dst_ip"], "aggregates": agg("sum up_bytes", "count"), "order": largest("up_bytes"), "limit": 20},
        "SELECT src_ip, dst_ip, sum(up_bytes), count(*) FROM f GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 20"),
    "a host by hour": (
        {"where": "src_ip = HOST", "by": ["hour"], "aggregates": agg("count", "sum up_bytes", "sum down_bytes")},
        "SELECT timestamp // 360000, count(*), sum(up_bytes), sum(down_bytes) FROM f WHERE src_ip = 'HOST' GROUP BY 1 ORDER BY 1"),
    "different destinations by source": (
        {"by": ["src_ip"], "aggregates": agg("distinct dst_ip"), "order": largest("distinct_dst_ip")},
        "SELECT src_ip, count(DISTINCT dst_ip) FROM f GROUP BY 1 ORDER BY 2 DESC"),
    "quantile of bytes by port": (
        {"where": "port < 1024", "by": ["port"], "aggregates": agg("quantile up_bytes", "mean up_bytes")},
        "SELECT port, quantile_cont(up_bytes, 0.95), avg(up_bytes) FROM f WHERE port < 1024 GROUP BY 1 ORDER BY 1"),
    "external destinations": (
        {"where": "not dst_ip in 192.168.0.0/16", "by": ["dst_ip"], "aggregates": agg("count", "max up_bytes", "sum down_bytes"),
         "order": largest("flows"), "limit": 20},
        "SELECT dst_ip, count(*), max(up_bytes), sum(down_bytes) FROM f WHERE NOT starts_with(dst_ip, '192.168.') "
        "GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20"),
    "the night by protocol and port": (
        {"where": "timestamp between 02:00 and 04:00 and proto = udp", "by": ["proto", "port"], "aggregates": agg("count", "mean down_bytes")},
        "SELECT proto, port, count(*), avg(down_bytes) FROM f WHERE timestamp BETWEEN 720000 AND 1440000 AND proto = 'udp' "
        "GROUP BY 1, 2 ORDER BY 1, 2"),
}


def duckdb(file, host):
    import duckdb
    db = duckdb.connect()
    db.execute(f"CREATE VIEW f AS SELECT * FROM read_parquet('{file}')")
    return [lambda sql=sql: db.execute(sql.replace("HOST", host)).fetchall() for _, sql in QUERIES.values()]


def polars(file, host):
    import polars as pl
    f, c = pl.scan_parquet(file), pl.col
    tops = lambda q, by, n, *ties: q.sort([by, *ties], descending=[True, *(False for _ in ties)]).limit(n)
    plans = [
        tops(f.group_by("port").agg(pl.len().alias("n")), "n", 10, "port"),
        tops(f.group_by("src_ip").agg(c("up_bytes").sum()), "up_bytes", 20, "src_ip"),
        f.filter((c("port") == 443) & (c("up_bytes") > 10**6)).group_by("src_ip").agg(pl.len(), c("up_bytes").sum())
        .sort(["up_bytes", "src_ip"], descending=[True, False]),
        f.group_by(c("timestamp") // 30000 * 30000).agg(c("up_bytes").sum(), c("down_bytes").sum()).sort("timestamp"),
        tops(f.group_by("src_ip", "dst_ip").agg(c("up_bytes").sum(), pl.len()), "up_bytes", 20, "src_ip", "dst_ip"),
        f.filter(c("src_ip") == host).group_by((c("timestamp") // 360000).alias("h")).agg(pl.len(), c("up_bytes").sum(), c("down_bytes").sum()).sort("h"),
        f.group_by("src_ip").agg(c("dst_ip").n_unique()).sort("dst_ip", descending=True),
        f.filter(c("port") < 1024).group_by("port").agg(c("up_bytes").quantile(0.95, "linear").alias("q"), c("up_bytes").mean()).sort("port"),
        tops(f.filter(~c("dst_ip").str.starts_with("192.168.")).group_by("dst_ip").agg(pl.len().alias("n"), c("up_bytes").max(), c("down_bytes").sum()),
             "n", 20, "dst_ip"),
        f.filter(c("timestamp").is_between(720000, 1440000) & (c("proto") == "udp")).group_by("proto", "port")
        .agg(pl.len(), c("down_bytes").mean()).sort("proto", "port"),
    ]
    return [lambda plan=plan: plan.collect(engine="streaming").rows() for plan in plans]


def pandas(file, host):
    import pandas as pd

    def read(*columns):
        return pd.read_parquet(file, columns=list(columns))

    def rows(table):
        return [list(row) for row in table.itertuples(index=False)]

    def top(table, n, by, *ties):
        table = table.sort_values([by, *ties], ascending=[False, *(True for _ in ties)])
        return rows(table.head(n) if n else table)

    def group(table, by, **named):
        return table.groupby(by, as_index=False, observed=True).agg(**named)

    def ports():
        return top(group(read("port"), "port", n=("port", "size")), 10, "n", "port")

    def sources():
        return top(group(read("src_ip", "up_bytes"), "src_ip", up=("up_bytes", "sum")), 20, "up", "src_ip")

    def uploads():
        f = read("src_ip", "port", "up_bytes")
        return top(group(f[(f.port == 443) & (f.up_bytes > 10**6)], "src_ip", n=("port", "size"), up=("up_bytes", "sum")), None, "up", "src_ip")

    def buckets():
        f = read("timestamp", "up_bytes", "down_bytes")
        return rows(group(f.assign(t=f.timestamp // 30000 * 30000), "t", up=("up_bytes", "sum"), down=("down_bytes", "sum")))

    def pairs():
        f = read("src_ip", "dst_ip", "up_bytes")
        return top(group(f, ["src_ip", "dst_ip"], up=("up_bytes", "sum"), n=("up_bytes", "size")), 20, "up", "src_ip", "dst_ip")

    def hours():
        f = read("src_ip", "timestamp", "up_bytes", "down_bytes")
        f = f[f.src_ip == host]
        return rows(group(f.assign(h=f.timestamp // 360000), "h", n=("h", "size"), up=("up_bytes", "sum"), down=("down_bytes", "sum")))

    def distinct():
        return top(group(read("src_ip", "dst_ip"), "src_ip", n=("dst_ip", "nunique")), None, "n")

    def quantiles():
        f = read("port", "up_bytes")
        grouped = f[f.port < 1024].groupby("port").up_bytes
        return rows(pd.DataFrame({"q": grouped.quantile(0.95), "m": grouped.mean()}).reset_index())

    def external():
        f = read("dst_ip", "up_bytes", "down_bytes")
        f = f[~f.dst_ip.str.startswith("192.168.")]
        return top(group(f, "dst_ip", n=("dst_ip", "size"), up=("up_bytes", "max"), down=("down_bytes", "sum")), 20, "n", "dst_ip")

    def night():
        f = read("timestamp", "proto", "port", "down_bytes")
        f = f[f.timestamp.between(720000, 1440000) & (f.proto == "udp")]
        return rows(group(f, ["proto", "port"], n=("port", "size"), down=("down_bytes", "mean")))

    return [ports, sources, uploads, buckets, pairs, hours, distinct, quantiles, external, night]


def peer(name, file, host):
    for answer in {"duckdb": duckdb, "polars": polars, "pandas": pandas}[name](file, host):
        start = time.perf_counter()
        rows = answer()
        print(json.dumps({"seconds": time.perf_counter() - start, "rows": [list(map(plain, row)) for row in rows]}), flush=True)


def plain(value):
    """A value as JSON has it."""
    return value if isinstance(value, (str, int, float)) else value.item() if hasattr(value, "item") else int(value)


def run(command, text=None):
    done = subprocess.run([str(word) for word in command], input=text, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{command[0]}: exit status {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def equal(a, b):
    """Whether two results have the same rows, with floating point numbers equal to twelve digits. Rows of equal numbers may be in any order."""
    a, b = sorted(a, key=str), sorted(b, key=str)
    same = lambda x, y: x == y or isinstance(x, (int, float)) and isinstance(y, (int, float)) and abs(x - y) <= 1e-12 * max(abs(x), abs(y))
    return len(a) == len(b) and all(len(r) == len(s) and all(map(same, r, s)) for r, s in zip(a, b))


def measure(program, file, rounds, peers):
    """The median seconds of each program for each query. It fails if an answer differs from Flowbook's."""
    busiest = json.dumps({"by": ["src_ip"], "order": largest("flows"), "limit": 1})
    host = run([program, file], busiest)[0]["rows"][0][0]
    text = "\n".join(json.dumps(query).replace("HOST", host) for query, _ in QUERIES.values())
    commands = {"Flowbook": ([program, file], text)}
    commands |= {name: ([sys.executable, "-B", pathlib.Path(__file__), "--peer", name, file, host], None) for name in peers}
    times = {name: [[] for _ in QUERIES] for name in commands}
    for _ in range(rounds):
        answers = {name: run(*command) for name, command in commands.items()}
        for name, found in answers.items():
            for n, query in enumerate(QUERIES):
                if not equal(answers["Flowbook"][n]["rows"], found[n]["rows"]):
                    raise SystemExit(f"{query}: {name} answers {found[n]['rows'][:3]}, Flowbook {answers['Flowbook'][n]['rows'][:3]}")
                times[name][n].append(found[n]["seconds"])
    return {name: [statistics.median(t) for t in all] for name, all in times.items()}


def table(times):
    """The times as Markdown: Flowbook's in milliseconds, and how many times longer the others take."""
    peers = [name for name in times if name != "Flowbook"]
    lines = ["| query | Flowbook | " + " | ".join(peers) + " |", "|---|---:|" + "---:|" * len(peers)]
    for n, query in enumerate(QUERIES):
        own = times["Flowbook"][n]
        lines.append(f"| {query} | {own * 1e3:.0f} ms | " + " | ".join(f"{times[name][n] / own:.1f}" for name in peers) + " |")
    mean = lambda name: statistics.geometric_mean(t / own for t, own in zip(times[name], times["Flowbook"]))
    return "\n".join([*lines, "| geometric mean | | " + " | ".join(f"{mean(name):.1f}" for name in peers) + " |"])


def main(arguments):
    if arguments[0] == "--peer":
        peer(*arguments[1:])
        return
    program, file, rounds, *peers = arguments
    print(table(measure(program, file, int(rounds), peers or PEERS)))


if __name__ == "__main__":
    main(sys.argv[1:])
