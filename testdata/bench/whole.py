"""The whole report: beside the same content in pandas, with one cell edited, and with nothing changed."""

import datetime
import json
import os
import resource
import shutil
import subprocess
import time

import measure
import stages
from tables import table, target

METHODS = {"fair": "pandas, optimized", "seed": "pandas, like the seeds"}
EDITED = ("3-anomalous-behaviour.ipynb", "tbl-clients")  # a notebook, and what only the edited cell of it holds
DECLARING = 2  # code cells at the head of a notebook that declare what all others need
# What is compared with the tables and figures of Flowbook: the columns that make a row's key, and those of its values.
COMPARED = {
    "tbl-inputs": (["input"], ["rows", "flows", "hosts"]),
    "fig-flows": (["hour"], ["baseline_flows", "test_flows"]),
    "fig-countries": (["code"], ["flows", "bytes", "hosts"]),
    "fig-sent": (["src_ip"], ["up_bytes"]),
    "fig-received": (["src_ip"], ["down_bytes"]),
    "tbl-services": (["dst_ip", "proto", "port"], ["clients", "flows"]),
    "tbl-traffic": (["exchange"], ["sources", "flows", "up_bytes", "down_bytes"]),
    "fig-uploads": (["src_ip"], ["baseline_up_bytes", "test_up_bytes"]),
    "fig-new-countries": (["code"], ["flows", "bytes", "hosts"]),
    "tbl-test-services": (["dst_ip", "proto", "port"], ["clients", "flows"]),
    "tbl-clients": (["src_ip"], ["flows", "up_down"]),
    "tbl-country-volume": (["code"], ["flows", "down_bytes"]),
    "tbl-distribution": (["hour"], ["flows"]),
    "tbl-ratio": (["src_ip"], ["down_bytes", "up_bytes", "down_up"]),
    "tbl-inside": (["dst_ip"], ["hosts", "flows"]),
}


def inputs(days):
    names = {"baseline": "data.parquet", "test": "test.parquet", "servers": "servers.parquet", "country": "country.mmdb", "asn": "asn.mmdb"}
    return {parameter: days / name for parameter, name in names.items()}


def children():
    """Seconds of CPU that programs took which have ended, and those that they waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def pandas(bench, days, method):
    """Seconds of papermill, of nbconvert and of CPU, and the executed notebooks: one after the other, as a user runs them."""
    work = bench.folder / f"pandas-{method}"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(bench.here / "report", work, ignore=shutil.ignore_patterns("__pycache__"))
    tools = bench.tools
    environment = os.environ | {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "PAPERMILL_TRANSLATE": "0"}
    arguments = [word for name, path in (inputs(days) | {"method": method}).items() for word in ("-p", name, str(path))]
    seconds, cpu, executed = {"papermill": 0.0, "nbconvert": 0.0}, children(), []
    for notebook in sorted(work.glob("*.ipynb")):
        out = work / "executed" / notebook.name
        out.parent.mkdir(exist_ok=True)
        for program, command in (("papermill", [tools / "papermill", "--no-progress-bar", *arguments, notebook, out]),
                                 ("nbconvert", [tools / "jupyter-nbconvert", "--to", "html", "--log-level", "WARN", out])):
            with open(work / "log.txt", "w") as log:
                start = time.perf_counter()
                done = subprocess.run(command, cwd=work, env=environment, stdout=log, stderr=log)
                seconds[program] += time.perf_counter() - start
            if done.returncode:
                raise SystemExit(f"{program} of {notebook.name}: exit status {done.returncode}\n{(work / 'log.txt').read_text()[-2000:]}")
        executed.append(out)
    return measure.Run(sum(seconds.values()), children() - cpu, 0), seconds, executed


def run_command(bench, days, out, *arguments, notebooks=None):
    parameters = [word for name, path in inputs(days).items() for word in ("-p", f"{name}={path}")]
    return [bench.reportgen, "run", "--log-format", "json", *arguments, "-o", out, *parameters, notebooks or bench.root / "notebooks"]


def reportgen(bench, days, out, *arguments, cache, notebooks=None):
    """Runs reportgen run; what it took, and its progress as records with times."""
    command = run_command(bench, days, out, *arguments, notebooks=notebooks)
    log = bench.folder / "log.json"
    with open(log, "w") as stderr:
        start = time.time()
        try:
            took = measure.run(command, cwd=bench.root, stderr=stderr, env=os.environ | {"FLOWBOOK_CACHE": str(cache)})
        except SystemExit as e:
            raise SystemExit(f"{e}\n{log.read_text()[-2000:]}") from None
    records = [json.loads(line) for line in log.read_text().splitlines()]
    for r in records:
        r["at"] = datetime.datetime.fromisoformat(r["time"]).timestamp() - start
    return took, [r for r in records if r.get("notebook")]


def source(cell):
    return "".join(cell["source"])


def tables(notebooks):
    """The rows of each captioned table and figure of executed notebooks, by label."""
    found = {}
    for path in notebooks:
        for cell in json.loads(path.read_text())["cells"]:
            for output in cell.get("outputs", []):
                about, rows = (d.get(key) for d, key in ((output.get("metadata", {}), "reportgen"), (output.get("data", {}), "application/vnd.dataresource+json")))
                if about and rows:
                    about, rows = (json.loads("".join(v)) if isinstance(v, (str, list)) else v for v in (about, rows))
                    found[about["label"]] = rows["data"]
    return found


def agree(ours, theirs):
    """Asserts that each row that Flowbook shows is in pandas with the same values; returns how many were compared."""
    printed = {}
    for path in theirs:
        for cell in json.loads(path.read_text())["cells"]:
            if "compared(" in source(cell):
                printed |= json.loads("".join(cell["outputs"][0]["text"]))
    rows, shown = 0, tables(ours)
    if missing := COMPARED.keys() - shown.keys():
        raise SystemExit(f"{', '.join(sorted(missing))}: Flowbook's report has no such table or figure")
    for label, (key, values) in COMPARED.items():
        for row in shown[label]:
            name = "|".join(str(row[k]) for k in key)
            if name == "":
                continue  # addresses without a country, which Flowbook divides into internal and unknown
            want, got = [float(row[v]) for v in values], printed[label].get(name)
            if got is None or any(abs(g - w) > 1e-9 * max(abs(w), 1) for g, w in zip(got, want, strict=True)):
                raise SystemExit(f"{label}, {name}: {dict(zip(values, want))} in Flowbook's report, {got} in pandas")
            rows += 1
    return rows


def cold(bench, days):
    """Flowbook and pandas in turn; the executed notebooks are compared."""
    out, found = bench.folder / "report", {"ours": [], "pandas": {m: [] for m in METHODS}, "parts": {}}
    reportgen(bench, days, out, "--no-cache", cache=bench.fresh())  # compiles the packages and, in a fresh clone, GoNB
    for n in range(bench.report_rounds):
        measure.say(f"the whole report, round {n + 1} of {bench.report_rounds}")
        took, found["log"] = reportgen(bench, days, out, "--no-cache", cache=bench.fresh())
        found["ours"].append(took)
        for method in METHODS if n == 0 else ["fair"]:
            measure.say(f"the whole report in {METHODS[method]}")
            run, found["parts"][method], executed = pandas(bench, days, method)
            found["pandas"][method].append(run)
            found["compared"] = agree(sorted((out / "notebooks").glob("*.ipynb")), executed)
    found["programs"] = stages.programs(run_command(bench, days, out, "--no-cache"), cwd=bench.root, env=os.environ | {"FLOWBOOK_CACHE": str(bench.fresh())})
    return found


def edited(bench, days):
    """One cell's text changed, beside a notebook of nothing but the cells that this changes, run without a cache."""
    name, marker = EDITED
    notebooks = bench.root / ".cache" / "bench-notebooks"  # within the module, so that its cells find the packages
    shutil.rmtree(notebooks, ignore_errors=True)
    shutil.copytree(bench.root / "notebooks", notebooks, ignore=shutil.ignore_patterns("*.go", "*.txt", ".*"))
    cache, out, runs = bench.fresh(), bench.folder / "report", {"edited": [], "alone": []}
    reportgen(bench, days, out, cache=cache, notebooks=notebooks)
    notebook = json.loads((notebooks / name).read_text())
    code = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    cell = next(c for c in code if f'nb.Label("{marker}")' in source(c))
    text, alone = source(cell), notebooks / "alone" / name
    alone.parent.mkdir()
    for n in range(bench.report_rounds):
        measure.say(f"one cell edited, round {n + 1} of {bench.report_rounds}")
        cell["source"] = f"{text}\n// Edit {n + 1}."
        (notebooks / name).write_text(json.dumps(notebook))
        took, log = reportgen(bench, days, out, cache=cache, notebooks=notebooks)
        runs["edited"].append(took)
        last = [r for r in log if r["notebook"] == name][-1]
        changed = last["cells"] - last["unchanged"]
        alone.write_text(json.dumps(notebook | {"cells": code[:DECLARING] + code[-changed:]}))
        runs["alone"].append(reportgen(bench, days, bench.folder / "report-alone", "--no-cache", cache=cache, notebooks=alone)[0])
    shutil.rmtree(notebooks)
    return {name: measure.median(r) for name, r in runs.items()} | {"cells": changed, "of": last["cells"]}


STAGES = [
    ("hashing", r"sha256"),
    stages.COLLECTOR,
    ("reading the days' profiles", r"(?:pkg/profile|internal/flowfile)\."),
    ("reading notebooks, parameters and cached outputs", r"reportgen/(?:execute|nbformat)\.|encoding/json"),
    ("writing the report", r"reportgen/render|goldmark|chroma|bluemonday"),
]


def unchanged(bench, days):
    """Nothing changed: the median of runs, and what their CPU time goes to."""
    cache, out = bench.fresh(), bench.folder / "report"
    reportgen(bench, days, out, cache=cache)
    measure.say("nothing changed")
    took = measure.median([reportgen(bench, days, out, cache=cache)[0] for _ in range(bench.rounds["1M"])])
    to = bench.folder / "unchanged.pprof"
    environment = os.environ | {"FLOWBOOK_CACHE": str(cache), "FLOWBOOK_BENCH_DAYS": str(days)}
    measure.must([bench.main_test, "-test.run", "^$", "-test.bench", "^BenchmarkUnchanged$", "-test.benchtime", "30x", "-test.cpuprofile", to],
                 cwd=bench.root / "reportgen", env=environment)
    start = measure.median([measure.run([bench.reportgen, "--help"]) for _ in range(5)])
    return {"run": took, "stages": stages.shares(bench.main_test, to, STAGES), "start": start}


def run(bench, days):
    return {"cold": cold(bench, days), "edited": edited(bench, days), "unchanged": unchanged(bench, days)}


def spent(found):
    """The times of a cold run, from its progress: seconds until the first reply, in all cells, and after the last."""
    log, cells = found["cold"]["log"], {}
    steps = [r for r in log if r["msg"] == "cell done"]
    for r in steps:
        cells.setdefault(r["notebook"], []).append(r["at"])
    took = found["cold"]["ours"][-1].seconds
    between = sum(times[-1] - times[0] for times in cells.values())
    return {"first": steps[0]["at"], "between": between, "cells": len(steps), "notebooks": len(cells), "after": took - steps[-1]["at"],
            "cpu": found["cold"]["ours"][-1].cpu, "took": took}


def targets(found, empty=None):
    ours, s = measure.median(found["cold"]["ours"]).seconds, spent(found)
    ratio = {m: measure.median(runs).seconds / ours for m, runs in found["cold"]["pandas"].items()}
    why = (f"{s['cells']} cells of {s['notebooks']} notebooks, {s['between'] / s['cells'] * 1e3:.0f} ms each between replies"
           + (f" (an empty cell alone: {empty:.0f} ms)" if empty else "")
           + f"; {s['first']:.1f} s until the first reply, {s['after']:.1f} s after the last; {s['cpu']:.1f} s of CPU on {os.cpu_count()} cores: {stages.words(found['cold']['programs'])}")
    edit, same = found["edited"], found["unchanged"]
    return [
        target("the report, cold, times faster than in pandas, optimized", 8, ratio["fair"], "{:.1f}".format, reason=why),
        target("the report, cold, times faster than in pandas, like the seeds", 8, ratio["seed"], "{:.1f}".format, reason=why),
        target(f"one cell edited, {edit['cells']} of {edit['of']} cells of its notebook run again: time to that of a notebook of these cells", 1.1, edit["edited"].seconds / edit["alone"].seconds,
               "{:.2f}".format, more=False, reason=f"{edit['edited'].seconds:.2f} s to {edit['alone'].seconds:.2f} s; a run in which nothing changed takes {same['run'].seconds:.2f} s"),
        target("nothing changed", 0.2, same["run"].seconds, "{:.2f} s".format, more=False, reason=f"{same['start'].seconds:.2f} s to start; CPU: {stages.words(same['stages'])}"),
    ]


def both(run):
    return f"{run.seconds:.2f} s", f"{run.cpu:.2f} s"


def section(found):
    ours, s = measure.median(found["cold"]["ours"]), spent(found)
    rows = [["Flowbook, `reportgen run --no-cache`", f"{ours.seconds:.2f} s", f"{ours.cpu:.1f} s", "", "", "1.0"]]
    for method, name in METHODS.items():
        r, parts = measure.median(found["cold"]["pandas"][method]), found["cold"]["parts"][method]
        rows.append([name, f"{r.seconds:.1f} s", f"{r.cpu:.1f} s", *(f"{parts[p]:.1f} s" for p in ("papermill", "nbconvert")), f"{r.seconds / ours.seconds:.1f}"])
    edit, same = found["edited"], found["unchanged"]
    return ["Two days of 1M flows and a day of the servers. Flowbook starts with empty caches of profiles and cells. Go's build cache is warm, like Python's "
            "compiled modules. The pandas notebooks (testdata/bench/report) have the same sections, tables and figures. papermill runs them and nbconvert writes "
            "a page for each, one notebook after the other. Optimized: each notebook reads a day once, and addresses are dictionary codes that are looked up once. Like the seeds: "
            "a day is read each time that it is needed, and a Python function is called for each flow.",
            table(["", "time", "CPU", "papermill", "nbconvert", "time, Flowbook = 1"], rows),
            f"{found['cold']['compared']} rows of {len(COMPARED)} tables and figures were compared in this run. pandas has the same numbers.",
            f"Flowbook's last run: {s['first']:.1f} s until the first reply, {s['between']:.1f} s between the replies of {s['cells']} cells in {s['notebooks']} notebooks, "
            f"one at a time for each core, {s['after']:.1f} s after the last reply. CPU by program: {stages.words(found['cold']['programs'])}.",
            table(["change", "time", "CPU"], [
                [f"one cell edited, {edit['cells']} of the {edit['of']} cells of its notebook run again", *both(edit["edited"])],
                ["a notebook of only these cells, without a cache", *both(edit["alone"])],
                ["nothing changed", *both(same["run"])],
                ["`reportgen --help`, only the start", *both(same["start"])]]),
            f"CPU if nothing changed: {stages.words(same['stages'])}."]
