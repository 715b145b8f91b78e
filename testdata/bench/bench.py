"""Measures Flowbook beside its peers and writes BENCHMARKS.md.

    bench.py REPORTGEN OUTPUT [1M|20M|100M]...    everything
    bench.py REPORTGEN --go [BASE]                Go's own benchmarks alone, beside those of a commit

Each program runs as a process of its own, in turn, several times over, so that whatever else the machine does
meets all of them. What is quoted is the median of the runs, and ratios of medians. BENCH_ROUNDS is the most runs of
anything, BENCH_FOLDER where the data is kept, BENCH_PARTS what to measure of scan, programs, report, execute and go,
BENCHSTAT the program of that name.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import gobench
import measure
import programs
import scanning
import tables
import whole

SIZES = {"1M": (1_000_000, 200, 1), "20M": (20_000_000, 2000, 1), "100M": (20_000_000, 2000, 5)}  # flows, hosts, how often
MOST = int(os.environ.get("BENCH_ROUNDS", 20))
PARTS = os.environ.get("BENCH_PARTS", "scan programs report execute go").split()
INTRODUCTION = """Made by `make bench`; do not edit. Numbers are medians of runs that take turns on one machine, each in a \
process of its own, and mean something as ratios only. Times of scans are of the computation alone, from the Parquet file to the aggregates \
in memory, without the start of the program; Flowbook's includes the SHA-256 of the file. "Whole program" is reportgen profile: \
its start and the writing of the profile, synced to the disk, as well. CPU and memory are always those of the whole process. Shares of CPU \
are of profiles taken in the same run."""


class Bench:
    """Where things are, and how often they are run."""

    def __init__(self, reportgen):
        self.here = pathlib.Path(__file__).resolve().parent
        self.root = self.here.parent.parent
        self.reportgen = pathlib.Path(reportgen).resolve()
        self.tools = pathlib.Path(sys.executable).parent
        self.folder = pathlib.Path(os.environ.get("BENCH_FOLDER", self.root / ".cache" / "bench")).resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.rounds = {size: min(rounds, MOST) for size, rounds in {"1M": 5, "20M": 3, "100M": 1}.items()}
        self.report_rounds, self.cell_rounds, self.go_rounds = min(3, MOST), min(10, 2 * MOST), min(6, MOST)
        self.memory = int(0.8 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))  # more than that does not fit
        self.profile, self.profile_test, self.main_test = (self.folder / name for name in ("profile", "profile.test", "reportgen.test"))

    def build(self):
        """Builds what is measured besides reportgen itself."""
        measure.say("building")
        measure.must(["go", "build", "-o", self.profile, "./reportgen/internal/bench/profile"], cwd=self.root)
        measure.must(["go", "test", "-c", "-o", self.profile_test, "./reportgen/internal/flowfile"], cwd=self.root)
        measure.must(["go", "test", "-c", "-o", self.main_test, "./reportgen"], cwd=self.root)

    def fresh(self):
        """An empty folder for caches, in place of the one before."""
        shutil.rmtree(self.folder / "cache", ignore_errors=True)
        (self.folder / "cache").mkdir()
        return self.folder / "cache"

    def data(self, size):
        """The sample day of a size as several writers write it, made once. The largest is five times that of 20M, with four times its hosts."""
        flows, hosts, times = SIZES[size]
        days = self.folder / f"days-{flows // 1_000_000}M"
        if not (days / "truth.json").exists():
            measure.say(f"making days of {flows:,} flows")
            measure.must([self.reportgen, "synth", "-o", days, "--flows", flows, "--hosts", hosts])
        whole = days / ("pyarrow.parquet" if times == 1 else f"pyarrow-{size}.parquet")
        measure.say(f"writing the day of {size} flows as others do")
        measure.must([sys.executable, self.here / "files.py", days, times, whole])
        return {"days": days, "country": days / "country.mmdb", "flowbook": days / "data.parquet",
                "pyarrow": whole, "fastparquet": days / "fastparquet.parquet",
                "groups": days / "groups.parquet", "files": days / "files"}


def execute(bench):
    """The table of execute.sh: one notebook run by reportgen, nbconvert and papermill."""
    measure.say("a notebook of ten cells beside nbconvert and papermill")
    with tempfile.TemporaryDirectory() as work:
        environment = os.environ | {"REPORTGEN": str(bench.reportgen), "VIRTUAL_ENV": str(bench.tools.parent), "TMPDIR": work,
                                    "PATH": f"{bench.tools}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run([bench.here / "execute.sh"], cwd=bench.root, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"execute.sh: exit status {done.returncode}")
    return done.stdout.strip()


def execute_targets(text):
    """The targets that the table of execute.sh answers; its last table says where the time goes."""
    why = "; ".join(f"{stage} {took}" for stage, took in re.findall(r"^\| (.+?) \| (\d+ ms) \|$", text, re.M))
    return [tables.target(f"one ipykernel notebook of ten cells, times faster than {name}", 3, float(ratio), "{:.1f}".format, reason=why)
            for name, ratio in re.findall(r"^\| (papermill|nbconvert) \|.*\| ([\d.]+)× \|$", text, re.M)]


def markdown(bench, machine, found):
    """BENCHMARKS.md of what was measured so far."""
    scans = [found[size] for size in SIZES if size in found]
    rows = [row for scan in scans for row in scanning.targets(scan)]
    rows += programs.targets(found["programs"]) if "programs" in found else []
    rows += whole.targets(found["report"], programs.empty(found["programs"]) if "programs" in found else None) if "report" in found else []
    rows += execute_targets(found.get("execute", ""))
    parts = ["# Benchmarks", INTRODUCTION, machine, "## Targets", tables.targets(rows)]
    if scans:
        parts += ["## Scan to profile", *(part for scan in scans for part in scanning.section(scan))]
    if "programs" in found:
        parts += programs.section(found["programs"])
    if "report" in found:
        parts += ["## The whole report", *whole.section(found["report"])]
    if found.get("execute"):
        parts += ["## One notebook", found["execute"]]
    if "go" in found:
        parts += ["## Go's benchmarks", "As benchstat sums them up.", "```\n" + found["go"].strip() + "\n```"]
    return "\n\n".join([*parts, (bench.here / "tried.md").read_text().strip()]) + "\n"


def main(reportgen, output, *arguments):
    bench = Bench(reportgen)
    if output == "--go":
        print(gobench.run(bench, *filter(None, arguments)))
        return
    machine, found = tables.machine(), {}
    bench.build()
    sizes = [size for word in arguments for size in word.replace(",", " ").split()] or ["1M", "20M"]
    if unknown := set(sizes) - set(SIZES):
        raise SystemExit(f"{', '.join(sorted(unknown))}: not a number of flows; use {', '.join(SIZES)}")

    def note(name, value):
        found[name] = value
        pathlib.Path(output).write_text(markdown(bench, machine, found))

    for size in sizes if "scan" in PARTS else []:
        note(size, scanning.run(bench, size, bench.data(size)))
    if "programs" in PARTS:
        note("programs", programs.run(bench, bench.data("1M")["days"]))
    if "report" in PARTS:
        note("report", whole.run(bench, bench.data("1M")["days"]))
    if "execute" in PARTS and (bench.here / "execute.sh").exists():
        note("execute", execute(bench))
    if "go" in PARTS:
        note("go", gobench.run(bench))
    measure.say(f"wrote {output}")


if __name__ == "__main__":
    main(*sys.argv[1:])
