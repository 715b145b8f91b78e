"""Writes what was measured as Markdown."""

import os
import platform
import re
import subprocess
from importlib.metadata import version


def machine():
    cpu = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = [subprocess.run(["go", "version"], stdout=subprocess.PIPE, text=True).stdout.split()[2]]
    versions += [f"Python {platform.python_version()}"]
    versions += [f"{p} {version(p)}" for p in ("duckdb", "polars", "pandas", "pyarrow", "fastparquet")]
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    return f"{os.cpu_count()} cores ({cpu[1] if cpu else platform.processor()}), {memory:.0f} GiB, {platform.system()}; " \
           f"load at the start {load}. {', '.join(versions)}."


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def scan(results):
    ours = results["Flowbook"]
    rows = sorted(results.items(), key=lambda r: r[1].seconds)
    return table(["", "time", "CPU", "memory", "time, Flowbook = 1"],
                 [[name, f"{r.seconds:.2f} s", f"{r.cpu:.2f} s", f"{r.memory / 2**20:,.0f} MiB", f"{r.seconds / ours.seconds:.1f}"] for name, r in rows])


def best(results, peer):
    return min(r.seconds for name, r in results.items() if name.startswith(peer)) / results["Flowbook"].seconds


def verdict(ratio, wanted, more=True):
    met = ratio >= wanted if more else ratio <= wanted
    return "met" if met else "**missed**"


def targets(found):
    rows = []
    for size, r in found["scan"].items():
        for peer in ("DuckDB", "Polars"):
            rows.append([f"scan of {size} flows, times faster than {peer}", "5", f"{best(r, peer):.1f}", verdict(best(r, peer), 5)])
        name = "pandas, as Sentinel"
        if name in r:
            rows.append([f"scan of {size} flows, times faster than pandas as Sentinel", "30", f"{best(r, name):.0f}", verdict(best(r, name), 30)])
        memory = r["Flowbook"].memory / 2**20
        rows.append([f"memory of the scan of {size} flows", "1,536 MiB", f"{memory:,.0f} MiB", verdict(memory, 1536, more=False)])
    for writer, r in found.get("writers", {}).items():
        ratio = r["scan"] / r["decode"]
        rows.append([f"scan to decoding only, file of {writer}", "2", f"{ratio:.1f}", verdict(ratio, 2, more=False)])
    if "shapes" in found:
        one, *others = found["shapes"].items()
        for name, r in others:
            ratio = r.seconds / one[1].seconds
            rows.append([f"{name}, to one of the same rows", "1", f"{ratio:.1f}", verdict(ratio, 1.1, more=False)])
    if "detect" in found:
        s = found["detect"].seconds
        rows.append(["`reportgen detect` on two cached days of 1M flows", "0.3 s", f"{s:.2f} s", verdict(s, 0.3, more=False)])
    if "rows" in found:
        ratio = found["rows"]["all"] / found["rows"]["pair"]
        rows.append(["flows of one pair of 20M, times faster than reading all", "10", f"{ratio:.1f}", verdict(ratio, 10)])
    return table(["target", "wanted", "measured", ""], rows)


def markdown(found, tried):
    parts = ["# Benchmarks", "Made by `make bench`; do not edit. Numbers are medians of runs that take turns on one machine, each in a "
             "process of its own, and mean something as ratios only. Times are of the computation alone, from the Parquet file to the aggregates "
             "in memory, without the start of the program; Flowbook's includes the SHA-256 of the file. \"Whole program\" is reportgen profile: "
             "its start and the writing of the profile, synced to the disk, as well. CPU and memory are always those of the whole process.",
             found["machine"], "## Targets", targets(found), "## Scan to profile"]
    for size, r in found["scan"].items():
        parts += [f"### {size} flows, written by pyarrow, {found['rounds'][size]} runs", scan(r)]
        checked = found["checked"].get(size)
        if checked:
            parts.append(f"Every aggregate (hours, half hours of hosts, {checked[0]['conversations']:,} conversations with sums, maxima, first and "
                         f"last, hourly counts, distinct seconds and their gaps) was compared with DuckDB's answer "
                         f"({', '.join(c['formulation'] for c in checked)}) in this run: no row differs.")
    if "writers" in found:
        parts += ["## Scan beside decoding only, 1M flows", "Both within one process, without its start. The scan also hashes the file.",
                  table(["file of", "decode", "scan", "ratio"], [[w, f"{r['decode'] * 1e3:.0f} ms", f"{r['scan'] * 1e3:.0f} ms", f"{r['scan'] / r['decode']:.1f}"]
                                                                 for w, r in found["writers"].items()])]
    if "shapes" in found:
        parts += ["## The same rows in other files", table(["", "time", "CPU", "memory"], [
            [n, f"{r.seconds:.2f} s", f"{r.cpu:.2f} s", f"{r.memory / 2**20:,.0f} MiB"] for n, r in found["shapes"].items()])]
    if "rows" in found:
        parts += ["## Rows by a filter, 20M flows", table(["", "time"], [[n, f"{s * 1e3:,.0f} ms"] for n, s in found["rows"].items()])]
    if "profile" in found:
        parts += ["## What is left", "CPU profile of scans of 1M flows:", "```\n" + found["profile"] + "\n```"]
    return "\n\n".join([*parts, tried.strip()]) + "\n"
