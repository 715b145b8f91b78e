"""Tables of Markdown, verdicts, and a description of the machine."""

import os
import platform
import re
import subprocess
from importlib.metadata import version


def machine(*packages):
    cpu = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = [subprocess.run(["go", "version"], stdout=subprocess.PIPE, text=True).stdout.split()[2]]
    versions += [f"Python {platform.python_version()}"]
    versions += [f"{p} {version(p)}" for p in packages or ("duckdb", "polars", "chdb-core", "pandas", "pyarrow", "fastparquet", "matplotlib", "ipykernel", "papermill", "nbconvert")]
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    return f"{os.cpu_count()} cores ({cpu[1] if cpu else platform.processor()}), {memory:.0f} GiB, {platform.system()}; " \
           f"load at the start {load}. {', '.join(versions)}."


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def mebibytes(size):
    return f"{size / 2**20:,.0f} MiB"


def target(what, wanted, measured, form, more=True, reason=""):
    """One row of the table of targets: a value that should be at least, or at most, what is wanted.

    Reason is what was measured in this run that says why a target is missed.
    """
    met = measured >= wanted if more else measured <= wanted
    return [what, form(wanted), form(measured), "met" if met else "**missed**", "" if met else reason]


def targets(rows):
    head = ["target", "wanted", "measured", "", "reason, as measured in this run"]
    lines = table(head, rows).splitlines()
    return "\n".join([lines[0], "|---|---:|---:|---|---|", *lines[2:]])
