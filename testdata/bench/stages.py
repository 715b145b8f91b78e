"""Shares of CPU time, from profiles of a program and of the programs that it starts."""

import collections
import glob
import re
import subprocess
import time

import measure

COLLECTOR = ("garbage collection", r"runtime\.(?:gcBgMarkWorker|bgsweep|bgscavenge|gcAssist)")
SCAN = [
    ("SHA-256 of the file", r"sha256"),
    COLLECTOR,
    ("opening files and their footers", r"parquet-go\.OpenFile|reportgen/internal/flowfile\.open\b"),
    ("finishing the profile", r"profile\.\(\*Builder\)\.(?:Profile|sortedConversations)\b"),
    ("dividing flows by conversation and adding them to hosts", r"profile\.\(\*Adder\)\."),
    ("adding flows to conversations", r"pkg/profile\."),
    ("decoding in the Parquet library", r"parquet-go|klauspost"),
    ("columns to flows", r"reportgen/internal/flowfile\."),
]


def top(program, profile, count=25):
    """The functions that take most, as pprof prints them."""
    lines = measure.must(["go", "tool", "pprof", "-top", f"-nodecount={count}", program, profile]).splitlines()
    first = next(i for i, line in enumerate(lines) if "flat%" in line)
    return "\n".join(re.sub(r"\[go\.shape.*", "[…]", line)[:110].rstrip() for line in lines[first:])


def shares(program, profile, stages):
    """The share of each stage, and of the rest. A call stack counts for the first stage that matches.

    A stage's name may hold {}, for what the group of its pattern matches.
    """
    out = measure.must(["go", "tool", "pprof", "-traces", program, profile])
    took, unit = collections.Counter(), {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "mins": 60}
    for stack in re.split(r"^-{5,}.*$", out, flags=re.M)[1:]:
        value = re.match(r"\s+([\d.]+)(ns|us|ms|s|mins)\s", stack)
        if value:
            stage = next((name.format(*m.groups()) for name, pattern in stages if (m := re.search(pattern, stack))), "else")
            took[stage] += float(value[1]) * unit[value[2]]
    whole = sum(took.values()) or 1
    return {name: seconds / whole for name, seconds in took.items()}


def words(share):
    """Shares as text, the largest first, without those below one percent."""
    order = sorted(share.items(), key=lambda s: -s[1])
    return ", ".join(f"{name} {value:.0%}".replace("%", " %") for name, value in order if value >= 0.01)


def programs(command, **options):
    """The share of CPU time of each program that a command starts, at any depth, itself among them.

    Processes are looked at forty times a second, so what one does in its last moment is missed.
    """
    child = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    took, family = {}, {child.pid}
    while child.poll() is None:
        for pid, parent, name, ticks in sorted(processes()):
            if pid in family or parent in family:
                family.add(pid)
                took[pid] = name, ticks
        time.sleep(0.025)
    if child.returncode:
        raise SystemExit(f"{' '.join(map(str, command))[:300]}: exit status {child.returncode}")
    by_name = collections.Counter()
    for name, ticks in took.values():
        by_name["cells" if name.startswith("gonb_") else name] += ticks
    return {name: ticks / (by_name.total() or 1) for name, ticks in by_name.items()}


def processes():
    """Number, parent, name and CPU time of all processes."""
    for path in glob.iglob("/proc/[0-9]*/stat"):
        try:
            with open(path) as f:
                name, _, rest = f.read().partition("(")[2].rpartition(")")
        except OSError:
            continue  # it has ended
        fields = rest.split()
        yield int(path.split("/")[2]), int(fields[1]), name, int(fields[11]) + int(fields[12])
