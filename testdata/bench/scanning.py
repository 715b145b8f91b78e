"""Scans beside DuckDB, Polars, ClickHouse and pandas, beside decoding only, and of the same rows in other files."""

import json
import sys

import measure
import stages
from tables import mebibytes, table, target

DUCKDB = ["lists", "window", "levels", "numbered"]
POLARS = ["lists", "lists-streaming", "levels", "levels-streaming"]
CLICKHOUSE = ["lists", "bitmaps"]
LARGE = ["DuckDB, lists", "DuckDB, numbered", "Polars, lists-streaming", "Polars, levels-streaming", "ClickHouse, lists"]  # what can win with 100M flows
MEMORY = 1536 * 2**20
SHAPES = ["one file, one row group", "one file, 10,000 row groups", "1,000 files"]


def peers(bench, size, file, country):
    """The programs that compute the aggregates of a profile, each with how it is called."""
    python, everything = sys.executable, {}
    for f in DUCKDB:
        everything[f"DuckDB, {f}"] = [python, bench.here / "peer_duckdb.py", f, file]
    for f in POLARS:
        everything[f"Polars, {f}"] = [python, bench.here / "peer_polars.py", f, file]
    for f in CLICKHOUSE:
        everything[f"ClickHouse, {f}"] = [python, bench.here / "peer_chdb.py", f, file]
    if size == "1M" and country:
        everything["pandas, vectorised"] = [python, bench.here / "peer_pandas.py", "vectorised", file]
        everything["pandas, as Sentinel"] = [python, bench.here / "peer_pandas.py", "seed", file, country]
    return {name: everything[name] for name in LARGE} if size == "100M" else everything


def compare(bench, size, data):
    """Flowbook and its peers on the same file: the median of each, or None where a peer needs more memory than there is."""
    file, country = data["pyarrow"], data["country"]
    programs = {"Flowbook": [bench.profile, file],
                "Flowbook, whole program": [bench.reportgen, "profile", file, "-o", bench.folder / "day.profile"]}
    programs |= peers(bench, size, file, country)
    runs, dropped = {name: [] for name in programs}, set()
    for n in range(bench.rounds[size]):
        measure.say(f"{size} flows: scans and peers, round {n + 1} of {bench.rounds[size]}")
        for name, command in programs.items():
            if name not in dropped:
                try:
                    runs[name].append(measure.run(command, limit=None if name.startswith("Flowbook") else bench.memory, cwd=bench.folder))
                except measure.TooLarge:
                    dropped.add(name)
        if n == 0:  # Of each peer, go on with the two best formulations.
            for peer in ("DuckDB", "Polars", "ClickHouse"):
                order = sorted((r[0].seconds, name) for name, r in runs.items() if name.startswith(peer) and r)
                dropped |= {name for _, name in order[2:]}
            dropped |= {"pandas, as Sentinel"}
    return {name: measure.median(r) if r else None for name, r in runs.items()}


def check(bench, size, file, formulations):
    """Asserts that every aggregate is DuckDB's in the formulations."""
    measure.say(f"{size} flows: comparing every aggregate with DuckDB's")
    folder = bench.folder / "csv"
    folder.mkdir(exist_ok=True)
    measure.must([bench.reportgen, "profile", file, "-o", bench.folder / "day.profile"])
    measure.must(["go", "run", "./reportgen/internal/bench/dump", bench.folder / "day.profile", folder], cwd=bench.root)
    lines = measure.must([sys.executable, bench.here / "peer_duckdb.py", "check", file, folder, *formulations]).splitlines()
    return [json.loads(line) for line in lines]


def profile(bench, times, *files):
    """The shares of the stages of a scan, and how many conversations it found."""
    to = bench.folder / "cpu.pprof"
    out = measure.must([bench.profile, "-n", str(times), "-cpuprofile", to, *files])
    return stages.shares(bench.profile, to, stages.SCAN), json.loads(out)["conversations"]


def shapes(bench, data):
    """The same rows as one row group, in ten thousand, and in a thousand files: medians and shares of stages."""
    files = dict(zip(SHAPES, ([data["pyarrow"]], [data["groups"]], sorted(data["files"].glob("*.parquet")))))
    runs = {name: [] for name in files}
    for n in range(bench.rounds["1M"]):
        measure.say(f"the same rows in other files, round {n + 1} of {bench.rounds['1M']}")
        for name, paths in files.items():
            runs[name].append(measure.run([bench.reportgen, "profile", *paths, "-o", bench.folder / "day.profile"]))
    decode = {name: measure.go_benchmark(bench.profile_test, "BenchmarkProfile/decode", files[name][0], 3)["decode"] for name in SHAPES[:2]}
    return {name: {"run": measure.median(r), "decode": decode.get(name), "stages": profile(bench, 3, *files[name])[0]} for name, r in runs.items()}


def run(bench, size, data):
    """Everything measured with a day of this size."""
    found = {"size": size, "rounds": bench.rounds[size]}
    found["checked"] = check(bench, size, data["pyarrow"], DUCKDB if size == "1M" else DUCKDB[:1]) if size != "100M" else []
    found["scan"] = compare(bench, size, data)
    found["stages"], found["conversations"] = profile(bench, {"1M": 20, "20M": 2}.get(size, 1), data["pyarrow"])
    if size == "1M":
        found["top"] = stages.top(bench.profile, bench.folder / "cpu.pprof")
        measure.say("scans beside decoding only")
        found["writers"] = {name: measure.go_benchmark(bench.profile_test, "BenchmarkProfile", data[name], bench.rounds["1M"])
                            | {"stages": profile(bench, 20, data[name])[0]} for name in ("pyarrow", "fastparquet", "flowbook")}
        found["shapes"] = shapes(bench, data)
    if size == "20M":
        measure.say("rows by a filter")
        found["rows"] = measure.go_benchmark(bench.profile_test, "BenchmarkRowsOf", data["pyarrow"], bench.rounds[size])
    return found


def best(found, peer):
    """How many times longer the best formulation of a peer takes; None if none fits."""
    times = [r.seconds for name, r in found["scan"].items() if name.startswith(peer) and r]
    return min(times) / found["scan"]["Flowbook"].seconds if times else None


def targets(found):
    size, scan, rows = found["size"], found["scan"], []
    why = f"CPU of the scan: {stages.words(found['stages'])}"
    for peer in ("DuckDB", "Polars", "ClickHouse"):
        ratio = best(found, peer)
        if ratio:
            rows.append(target(f"scan of {size} flows, times faster than {peer}", 5, ratio, "{:.1f}".format, reason=why))
        else:
            rows.append([f"scan of {size} flows, times faster than {peer}", "5", "–", "–", f"{peer} does not fit into this machine's memory"])
    if scan.get("pandas, as Sentinel"):
        rows.append(target(f"scan of {size} flows, times faster than pandas as Sentinel", 30, best(found, "pandas, as Sentinel"), "{:.0f}".format, reason=why))
    rows.append(target(f"memory of the scan of {size} flows, {found['conversations']:,} conversations", MEMORY, scan["Flowbook"].memory, mebibytes, more=False, reason=why))
    for writer, r in found.get("writers", {}).items():
        rows.append(target(f"scan to decoding only, file of {writer}", 3, r["scan"] / r["decode"], "{:.1f}".format, more=False,
                           reason=f"{(r['scan'] - r['decode']) * 1e3:.0f} ms beyond decoding; CPU: {stages.words(r['stages'])}"))
    for name, wanted in ((SHAPES[1], 1.5), (SHAPES[2], 1.2)) if "shapes" in found else ():
        r = found["shapes"][name]
        one = found["shapes"][SHAPES[0]]
        decode = f"decoding alone takes {r['decode'] / one['decode']:.0f} times as long ({r['decode'] * 1e3:.0f} ms of {r['run'].seconds * 1e3:.0f}); " if r["decode"] else ""
        rows.append(target(f"{name}, to one of the same rows", wanted, r["run"].seconds / one["run"].seconds, "{:.1f}".format, more=False,
                           reason=f"{decode}CPU: {stages.words(r['stages'])}"))
    if "rows" in found:
        r = found["rows"]
        rows.append(target("flows of one pair of 20M, times faster than reading all", 10, r["all"] / r["pair"], "{:.1f}".format,
                           reason=f"{r['pair'] * 1e3:.0f} ms for the pair, {r['all'] * 1e3:.0f} ms for all"))
    return rows


def section(found):
    size, ours = found["size"], found["scan"]["Flowbook"]
    fits = {name: r for name, r in found["scan"].items() if r}
    rows = [[name, f"{r.seconds:.2f} s", f"{r.cpu:.2f} s", mebibytes(r.memory), f"{r.seconds / ours.seconds:.1f}"]
            for name, r in sorted(fits.items(), key=lambda r: r[1].seconds)]
    rows += [[name, "does not fit", "", "", ""] for name in found["scan"] if name not in fits]
    parts = [f"### {size} flows, written by pyarrow, {found['rounds']} run{'s' if found['rounds'] > 1 else ''}",
             table(["", "time", "CPU", "memory", "time, Flowbook = 1"], rows),
             f"CPU of the scan: {stages.words(found['stages'])}."]
    if checked := found["checked"]:
        parts.append(f"Every aggregate (hours, half hours of hosts, {checked[0]['conversations']:,} conversations with sums, maxima, first and "
                     f"last, hourly counts, distinct seconds and their gaps) was compared with DuckDB's result "
                     f"({', '.join(c['formulation'] for c in checked)}) in this run. No row differs.")
    if "writers" in found:
        parts += ["### Scan beside decoding only, 1M flows", "Both run in one process, without its start. The scan also hashes the file.",
                  table(["file of", "decode", "scan", "ratio"], [[w, f"{r['decode'] * 1e3:.0f} ms", f"{r['scan'] * 1e3:.0f} ms", f"{r['scan'] / r['decode']:.1f}"]
                                                                 for w, r in found["writers"].items()])]
    if "shapes" in found:
        parts += ["### The same rows in other files", table(["", "time", "CPU", "memory"], [
            [n, f"{r['run'].seconds:.2f} s", f"{r['run'].cpu:.2f} s", mebibytes(r["run"].memory)] for n, r in found["shapes"].items()])]
    if "rows" in found:
        parts += ["### Rows by a filter, 20M flows", table(["", "time"], [[n, f"{s * 1e3:,.0f} ms"] for n, s in found["rows"].items()])]
    if "top" in found:
        parts += ["### Functions of the scan", "CPU profile of scans of 1M flows:", "```\n" + found["top"] + "\n```"]
    return parts
