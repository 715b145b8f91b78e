"""Findings, imports and cells: what users wait for besides scans and reports."""

import os

import measure
import stages
from tables import mebibytes, table, target

ZEEK = "\n".join([
    r"#separator \x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", "#path\tconn",
    "#fields\t" + "\t".join("ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state local_orig "
                            "local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents".split()),
    "#types\t" + "\t".join("time string addr port addr port enum string interval count count string bool bool count string count count count count set[string]".split()),
]) + "\n"
DETECT = [
    ("hashing", r"sha256"),
    stages.COLLECTOR,
    ("reading profiles", r"profile\.(?:Unmarshal|\(\*decoder\))"),
    ("databases", r"maxminddb|geoip2|pkg/geo\."),
    ("detect.{}", r"pkg/detect\.([A-Z]\w*)\S*\n[^\n]*pkg/detect\.All\b"),
    ("the rules", r"pkg/(?:detect|siem)\."),
]
IMPORT = [
    stages.COLLECTOR,
    ("writing the flow file", r"parquet-go|reportgen/internal/flowfile\."),
    ("sorting", r"ingest\.\(\*Sorter\)|slices\."),
    ("reading the log", r"reportgen/internal/ingest\."),
]


WAYS = {"GoNB alone": "gonb-", "the module's kernel, cell by cell": "", "reportgen, all cells together": "report-"}


def profiled(bench, name, times, stage, **environment):
    """The shares of the stages of a benchmark of reportgen."""
    to = bench.folder / "program.pprof"
    command = [bench.main_test, "-test.run", "^$", "-test.bench", f"^{name}$", "-test.benchtime", f"{times}x", "-test.cpuprofile", to]
    measure.must(command, cwd=bench.root / "reportgen", env=os.environ | environment)
    return stages.shares(bench.main_test, to, stage)


def detect(bench, days):
    """Findings of two days whose profiles are cached."""
    measure.say("findings of two cached days")
    command = [bench.reportgen, "detect", "--baseline", days / "data.parquet", "--test", days / "test.parquet",
               "--country", days / "country.mmdb", "--asn", days / "asn.mmdb", "--format", "json"]
    environment = os.environ | {"FLOWBOOK_CACHE": str(bench.fresh())}
    measure.run(command, env=environment)
    took = measure.median([measure.run(command, env=environment) for _ in range(bench.rounds["1M"])])
    start = measure.median([measure.run([bench.reportgen, "--help"]) for _ in range(5)])
    shares = profiled(bench, "BenchmarkDetect", 20, DETECT, FLOWBOOK_CACHE=environment["FLOWBOOK_CACHE"], FLOWBOOK_BENCH_DAYS=str(days))
    return {"run": took, "start": start.seconds, "stages": shares}


def history(bench):
    """Findings of a day with 28 days before it, all of whose profiles are cached."""
    folder, environment = bench.folder / "days-history", os.environ | {"FLOWBOOK_CACHE": str(bench.fresh())}
    if not (folder / "truth.json").exists():
        measure.say("making 29 days of a million flows")
        measure.must([bench.reportgen, "synth", "-o", folder, "--flows", 1_000_000, "--hosts", 200, "--days", 29])
    command = [bench.reportgen, "detect", "--days", folder, "--test", "latest", "--format", "json"]
    measure.say("findings of a day with 28 days of history")
    measure.run(command, env=environment, cwd=bench.folder)
    return measure.median([measure.run(command, env=environment, cwd=bench.folder) for _ in range(bench.rounds["1M"])])


def zeek(day, log, times):
    """Writes the flows of a day as Zeek would, so many times over."""
    import duckdb

    db = duckdb.connect()
    db.execute("SET preserve_insertion_order = true")
    with open(log, "wb") as out:
        out.write(ZEEK.encode())
        for n in range(times):
            part = log.with_suffix(".part")
            db.execute(f"""COPY (SELECT printf('%.6f', 1713484800 + least(timestamp + {n}, 8639999) / 100.0), 'C' || format('{{:017d}}', row_number() OVER ()),
                src_ip, 40000 + {n}, dst_ip, port, proto, '-', '0.25', up_bytes, down_bytes, 'SF', 'T', 'F', 0, 'ShADadFf',
                up_bytes // 1400 + 5, up_bytes + 40 * (up_bytes // 1400 + 5), down_bytes // 1400 + 5, down_bytes + 40 * (down_bytes // 1400 + 5), '(empty)'
                FROM read_parquet('{day}')) TO '{part}' (FORMAT csv, DELIMITER '\t', HEADER false, QUOTE '', ESCAPE '')""")
            with open(part, "rb") as rows:
                while block := rows.read(1 << 22):
                    out.write(block)
            part.unlink()
    db.close()


def imports(bench, days):
    """Zeek's log to a flow file on one core: a million rows, and ten million for the memory."""
    found, environment = {}, os.environ | {"GOMAXPROCS": "1"}
    log, out = bench.folder / "conn.log", bench.folder / "imported.parquet"
    for rows, times in (("1M", 1), ("10M", 10)):
        measure.say(f"import of {rows} rows")
        measure.apart(zeek, days / "data.parquet", log, times)
        runs = [measure.run([bench.reportgen, "import", "--from", "zeek", log, "-o", out], env=environment)
                for _ in range(bench.rounds["1M"] if times == 1 else 1)]
        found[rows] = {"run": measure.median(runs), "bytes": log.stat().st_size}
        if times == 1:
            found["stages"] = profiled(bench, "BenchmarkImport", 5, IMPORT, GOMAXPROCS="1", FLOWBOOK_BENCH_LOG=str(log))
        log.unlink()
    out.unlink()
    return found


def cells(bench):
    """What a cell of a notebook takes from request to reply, in real GoNB kernels: by way of running it, in ms."""
    measure.say("cells")
    out = measure.must(["go", "test", "-run", "^$", "-bench", "^BenchmarkCell$", "-benchtime", f"{bench.cell_rounds}x", "./notebooks"], cwd=bench.root)
    units = measure.metrics(out)["Cell"]
    found = {name: {kind: units[f"{prefix}{kind}-ms"] for kind in ("empty", "warm")} for name, prefix in WAYS.items()}
    return {"ways": found, "first": units["report-first-ms"]}


def run(bench, days):
    return {"detect": detect(bench, days), "history": history(bench), "imports": imports(bench, days), "cells": cells(bench)}


def empty(found):
    """The median of an empty cell in ms, as reportgen runs it."""
    return found["cells"]["ways"]["reportgen, all cells together"]["empty"]


def targets(found):
    d, i, ways, rows = found["detect"], found["imports"], found["cells"]["ways"], []
    by_cell = ways["the module's kernel, cell by cell"]
    for name in ("the module's kernel, cell by cell", "reportgen, all cells together"):
        rows.append(target(f"warm cell to an empty cell, cell by cell: {name}", 2.5, ways[name]["warm"] / by_cell["empty"], "{:.2f}".format, more=False,
                           reason=f"{ways[name]['warm']:.0f} ms to {by_cell['empty']:.0f} ms; GoNB alone {ways['GoNB alone']['warm']:.0f} ms to {ways['GoNB alone']['empty']:.0f} ms"))
    rows.append(target("warm cell: the module's kernel, cell by cell", 250, by_cell["warm"], "{:.0f} ms".format, more=False, reason=f"an empty cell takes {by_cell['empty']:.0f} ms"))
    rows.append(target("`reportgen detect` on two cached days of 1M flows", 0.15, d["run"].seconds, "{:.2f} s".format, more=False,
                       reason=f"{d['start']:.2f} s to start; CPU: {stages.words(d['stages'])}"))
    h = found["history"]
    rows.append(target("`reportgen detect` on a cached day of 1M flows with 28 days of history", 1.5, h.seconds, "{:.2f} s".format, more=False, reason=f"{h.cpu:.2f} s of CPU, {mebibytes(h.memory)}"))
    why = f"CPU: {stages.words(i['stages'])}"
    rows.append(target("import of 1M rows of Zeek's on one core", 1.5, i["1M"]["run"].seconds, "{:.2f} s".format, more=False, reason=why))
    rows.append(target("memory of the import of 10M rows to that of 1M", 1.25, i["10M"]["run"].memory / i["1M"]["run"].memory, "{:.2f}".format, more=False,
                       reason=f"{mebibytes(i['1M']['run'].memory)} and {mebibytes(i['10M']['run'].memory)}"))
    return rows


def section(found):
    i = found["imports"]
    rows = [[n, f"{i[n]['run'].seconds:.2f} s", f"{i[n]['run'].cpu:.2f} s", mebibytes(i[n]["run"].memory), f"{i[n]['bytes'] / i[n]['run'].seconds / 1e6:,.0f} MB/s"] for n in ("1M", "10M")]
    cells = [[name, f"{way['empty']:.0f} ms", f"{way['warm']:.0f} ms", f"{way['warm'] / way['empty']:.2f}"] for name, way in found["cells"]["ways"].items()]
    return ["## Cells", "Time from request to reply of an empty cell, and of a warm cell, which loads two cached days and makes a table and a figure.",
            table(["", "empty", "warm", "ratio"], cells),
            f"The first cell of a notebook, with which all cells are built, takes {found['cells']['first']:.0f} ms.",
            "## Findings", f"`reportgen detect` on two cached days of 1M flows: {found['detect']['run'].seconds:.2f} s, including "
            f"{found['detect']['start']:.2f} s for the start of the program. CPU: {stages.words(found['detect']['stages'])}. With 28 days of history: "
            f"{found['history'].seconds:.2f} s and {mebibytes(found['history'].memory)}.",
            "## Import", "Zeek's conn.log (TSV) to a flow file with GOMAXPROCS=1, for the whole program. The log of ten million rows contains the day's flows ten times.",
            table(["rows", "time", "CPU", "memory", "log"], rows), f"CPU: {stages.words(i['stages'])}."]
