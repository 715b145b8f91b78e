"""The table of execute.sh: what running a notebook costs besides its cells, and where the rest of it goes."""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from importlib.metadata import version

import nbformat

import tables

RUNS = 12  # of each program; they take turns
CELLS = 10


def notebook(file):
    nb = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}})
    nb.cells = [nbformat.v4.new_code_cell(f"x{i} = sum(range({10_000 * (i + 1)}))\nprint(x{i})", id=f"cell-{i}") for i in range(CELLS)]
    nbformat.write(nb, file)


def stages(command, env):
    """Milliseconds of the stages of one run, by what its log says of the times."""
    began = time.time()
    done = subprocess.run([*command, "--log-format", "json"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    ended = time.time()
    records = [json.loads(line) for line in done.stderr.splitlines()]
    at = lambda message: [datetime.fromisoformat(r["time"]).timestamp() for r in records if r["msg"] == message]
    cells = at("cell done")
    marks = [began, at("notebook started")[0], cells[0], cells[-1], ended]
    return [1000 * (b - a) for a, b in zip(marks, marks[1:])]


def imports(python, env):
    began = time.perf_counter()
    subprocess.run([python, "-c", "import ipykernel.kernelapp"], env=env, check=True)
    return 1000 * (time.perf_counter() - began)


def hyperfine(commands, work, env):
    """Medians in seconds. The programs alternate, so that a slow moment affects all of them."""
    times = {name: [] for name in commands}
    for turn in range(-1, 4):
        for name, command in commands.items():
            found = work / "hyperfine.json"
            subprocess.run(["hyperfine", "--shell=none", "--warmup", "1", "--runs", str(RUNS // 4), "--export-json", found, command],
                           env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if turn >= 0:
                times[name] += json.loads(found.read_text())["results"][0]["times"]
    return {name: statistics.median(t) for name, t in times.items()}


def main():
    if not shutil.which("hyperfine"):
        print("hyperfine is not installed (`apt-get install hyperfine`): running one notebook was not measured.")
        return
    with tempfile.TemporaryDirectory() as folder:
        work, bin = pathlib.Path(folder), pathlib.Path(os.environ["VIRTUAL_ENV"]) / "bin"
        env = os.environ | {"FLOWBOOK_CACHE": str(work / "cache")}
        ten = work / "ten.ipynb"
        notebook(ten)
        reportgen = [os.environ["REPORTGEN"], "run", "--no-cache", "-o", str(work / "report"), str(ten)]
        medians = hyperfine({
            "reportgen": " ".join(reportgen),
            "papermill": f"{bin / 'papermill'} --no-progress-bar {ten} {work / 'papermill.ipynb'}",
            "nbconvert": f"{bin / 'jupyter'} nbconvert --execute --to html --output-dir {work / 'nbconvert'} {ten}",
        }, work, env)
        print(f"A notebook of {CELLS} short cells on ipykernel, without cached cells. Wall time by hyperfine, {RUNS} alternating runs of each. "
              f"reportgen writes HTML, Markdown and the executed notebook, papermill {version('papermill')} the notebook, "
              f"nbconvert {version('nbconvert')} HTML.\n")
        print(tables.table(["program", "median", "against reportgen"],
                           [[name, f"{t * 1000:.0f} ms", f"{t / medians['reportgen']:.1f}×"] for name, t in medians.items()]))
        runs, alone = zip(*((stages(reportgen, env), imports(str(bin / "python"), env)) for _ in range(RUNS)))
        kernel = statistics.median(alone)
        names = ["start, read the notebook, find the kernel", f"start the kernel and run the first cell (importing ipykernel alone: {kernel:.0f} ms)",
                 f"the other {CELLS - 1} cells", "write the report while the kernel shuts down"]
        print("\nTime of the stages of reportgen, from its log:\n")
        print(tables.table(["stage", "median"], [[name, f"{statistics.median(times):.0f} ms"] for name, times in zip(names, zip(*runs))]))


if __name__ == "__main__":
    sys.exit(main())
