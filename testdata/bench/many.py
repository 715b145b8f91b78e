"""Large projects: how soon a folder of ten thousand notebooks starts, and a site of five hundred pages."""

import json
import os
import shutil
import subprocess
import time

import measure
from tables import table, target

NOTEBOOKS, PAGES = 10_000, 500
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}, "language_info": {"name": "python"}}


def notebooks(folder, count, code):
    """Writes notebooks of a page of text, and with a cell of code each if wanted."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for n in range(count):
        text = f"# Chapter {n}\n\nAfter it comes [the next]({(n + 1) % count:05}.ipynb).\n\n## Section\n\n" + "Some words of a paragraph. " * 30
        cells = [{"cell_type": "markdown", "id": f"text{n}", "metadata": {}, "source": text}]
        if code:
            cells.append({"cell_type": "code", "id": f"code{n}", "metadata": {}, "execution_count": None, "source": "print(1)", "outputs": []})
        (folder / f"{n:05}.ipynb").write_text(json.dumps({"cells": cells, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5}))
    return folder


def started(command, **options):
    """Runs reportgen run until the first notebook has started, and ends it."""
    start = time.perf_counter()
    child = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options)
    first = next((line for line in child.stderr if '"notebook started"' in line), None)
    seconds = time.perf_counter() - start
    child.kill()
    child.stderr.close()
    _, _, usage = os.wait4(child.pid, 0)
    child.returncode = -9
    if first is None:
        raise SystemExit(f"{' '.join(map(str, command))[:300]}: no notebook started")
    return measure.Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def run(bench):
    environment = os.environ | {"VIRTUAL_ENV": str(bench.tools.parent), "FLOWBOOK_CACHE": str(bench.fresh())}
    found, rounds = {}, bench.rounds["1M"]
    measure.say(f"{NOTEBOOKS:,} notebooks, until the first starts")
    folder, out = notebooks(bench.folder / "notebooks", NOTEBOOKS, True), bench.folder / "report-many"
    command = [bench.reportgen, "run", "--log-format", "json", "-o", out, folder]
    found["start"] = measure.median([started(command, env=environment, cwd=bench.folder) for _ in range(rounds)])
    measure.say(f"a site of {PAGES} pages")
    folder = notebooks(bench.folder / "notebooks", PAGES, False)
    command = [bench.reportgen, "run", "--to", "site", "-o", out, folder]
    found["site"] = measure.median([measure.run(command, env=environment, cwd=bench.folder) for _ in range(rounds)])
    for path in (folder, out):
        shutil.rmtree(path, ignore_errors=True)
    return found


def targets(found):
    seconds = "{:.2f} s".format
    return [target(what, wanted, found[name].seconds, seconds, more=False, reason=f"{found[name].cpu:.2f} s of CPU")
            for name, what, wanted in (("start", f"a folder of {NOTEBOOKS:,} notebooks starts", 1), ("site", f"a site of {PAGES} pages", 5))]


def section(found):
    return ["## Large projects", f"A folder of {NOTEBOOKS:,} notebooks, until the first notebook starts, and the whole run of {PAGES} notebooks of text to a site of as many pages.",
            table(["", "time", "CPU"], [[name, f"{found[key].seconds:.2f} s", f"{found[key].cpu:.2f} s"] for key, name in (("start", f"{NOTEBOOKS:,} notebooks start"), ("site", f"a site of {PAGES} pages"))])]
