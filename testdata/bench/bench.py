"""Measures Flowbook beside its peers and writes BENCHMARKS.md.

    bench.py REPORTGEN OUTPUT [1M|20M|100M]...

Each program runs as a process of its own, in turn, several times over, so that whatever else the machine does
meets all of them. What is quoted is the median of the runs, and ratios of medians. All tell their time without their
start. BENCH_ROUNDS is how many runs, BENCH_FOLDER where the data is kept.
"""

import json
import os
import pathlib
import sys

import measure
import report

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SIZES = {"1M": 1_000_000, "20M": 20_000_000, "100M": 100_000_000}
ROUNDS = {"1M": 5, "20M": 3, "100M": 1}
if "BENCH_ROUNDS" in os.environ:
    ROUNDS = {size: min(int(os.environ["BENCH_ROUNDS"]), rounds) for size, rounds in ROUNDS.items()}
DUCKDB = ["lists", "window", "levels", "numbered"]
POLARS = ["lists", "lists-streaming", "levels", "levels-streaming"]


def peers(size, file, country):
    """The programs that compute the aggregates of a profile, each with how it is called."""
    python, everything = sys.executable, {}
    for f in DUCKDB:
        everything[f"DuckDB, {f}"] = [python, HERE / "peer_duckdb.py", f, file]
    for f in POLARS:
        everything[f"Polars, {f}"] = [python, HERE / "peer_polars.py", f, file]
    if size == "1M":
        everything["pandas, vectorised"] = [python, HERE / "peer_pandas.py", "vectorised", file]
        everything["pandas, as Sentinel"] = [python, HERE / "peer_pandas.py", "seed", file, country]
    return everything


def scan(bench, size, data):
    """One table: Flowbook and its peers on the same file. Returns its rows."""
    file, country = data["pyarrow"], data["country"]
    programs = {"Flowbook": [bench.scan, file],
                "Flowbook, whole program": [bench.reportgen, "profile", file, "-o", bench.folder / "day.profile"]}
    programs |= peers(size, file, country)
    runs = {name: [] for name in programs}
    slow = set()
    for n in range(ROUNDS[size]):
        for name, command in programs.items():
            if name in slow:
                continue
            runs[name].append(measure.run(command))
        if n == 0:  # Of each peer, go on with the two best formulations.
            for peer in ("DuckDB", "Polars"):
                order = sorted((r[0].seconds, name) for name, r in runs.items() if name.startswith(peer) and r)
                slow |= {name for _, name in order[2:]}
            slow |= {"pandas, as Sentinel"}
    return {name: measure.median(r) for name, r in runs.items() if r}


def check(bench, size, file):
    """Asserts that every aggregate is DuckDB's, in each formulation where the day is small."""
    folder = bench.folder / "csv"
    folder.mkdir(exist_ok=True)
    measure.must([bench.reportgen, "profile", file, "-o", bench.folder / "day.profile"])
    measure.must(["go", "run", "./testdata/bench/dump", bench.folder / "day.profile", folder], cwd=ROOT)
    lines = measure.must([sys.executable, HERE / "peer_duckdb.py", "check", file, folder, *(DUCKDB if size == "1M" else DUCKDB[:1])]).splitlines()
    return [json.loads(line) for line in lines]


def shapes(bench, data):
    """The same rows as one row group, in ten thousand, and in a thousand files."""
    files = {
        "one file, one row group": [data["pyarrow"]],
        "one file, 10,000 row groups": [data["groups"]],
        "1,000 files": sorted(data["files"].glob("*.parquet")),
    }
    runs = {name: [] for name in files}
    for _ in range(ROUNDS["1M"]):
        for name, paths in files.items():
            runs[name].append(measure.run([bench.reportgen, "profile", *paths, "-o", bench.folder / "day.profile"]))
    return {name: measure.median(r) for name, r in runs.items()}


def writers(bench, data):
    """A scan beside a pass that decodes only, for the files of three writers."""
    rows = {}
    for name in ("pyarrow", "fastparquet", "flowbook"):
        rows[name] = measure.go_benchmark(bench.test, "BenchmarkFile", data[name], ROUNDS["1M"])
    return rows


def detect(bench, days):
    """Findings of two days whose profiles are cached."""
    command = [bench.reportgen, "detect", "--baseline", days / "data.parquet", "--test", days / "test.parquet",
               "--country", days / "country.mmdb", "--asn", days / "asn.mmdb", "--format", "json"]
    environment = os.environ | {"FLOWBOOK_CACHE": str(bench.folder / "cache")}
    measure.run(command, env=environment)
    return measure.median([measure.run(command, env=environment) for _ in range(ROUNDS["1M"])])


class Bench:
    def __init__(self, reportgen):
        self.reportgen = pathlib.Path(reportgen).resolve()
        self.folder = pathlib.Path(os.environ.get("BENCH_FOLDER", ROOT / ".cache" / "bench"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.test = self.folder / "scan.test"
        self.scan = self.folder / "scan"
        measure.must(["go", "build", "-o", self.scan, "./testdata/bench/scan"], cwd=ROOT)
        measure.must(["go", "test", "-c", "-o", self.test, "./pkg/scan"], cwd=ROOT)

    def data(self, size):
        """The sample day of a size as several writers write it, made once."""
        days = self.folder / f"days-{size}"
        if not (days / "truth.json").exists():
            hosts = "200" if size == "1M" else "2000"
            flows = min(SIZES[size], 50_000_000)
            measure.must([self.reportgen, "synth", "-o", days, "--flows", str(flows), "--hosts", hosts])
        measure.must([sys.executable, HERE / "files.py", days, str(SIZES[size])])
        return {"days": days, "country": days / "country.mmdb", "flowbook": days / "data.parquet",
                "pyarrow": days / "pyarrow.parquet", "fastparquet": days / "fastparquet.parquet",
                "groups": days / "groups.parquet", "files": days / "files"}


def main(reportgen, output, *sizes):
    bench = Bench(reportgen)
    found = {"machine": report.machine(), "rounds": ROUNDS, "scan": {}, "checked": {}}
    for size in sizes or ("1M", "20M"):
        data = bench.data(size)
        found["checked"][size] = check(bench, size, data["pyarrow"]) if size != "100M" else []
        found["scan"][size] = scan(bench, size, data)
        if size == "1M":
            found["writers"] = writers(bench, data)
            found["shapes"] = shapes(bench, data)
            found["detect"] = detect(bench, data["days"])
            found["profile"] = measure.profile(bench.test, data["pyarrow"], bench.folder)
        if size == "20M":
            found["rows"] = measure.go_benchmark(bench.test, "BenchmarkRowsOf", data["pyarrow"], ROUNDS[size])
        pathlib.Path(output).write_text(report.markdown(found, (HERE / "tried.md").read_text()))


if __name__ == "__main__":
    main(*sys.argv[1:])
