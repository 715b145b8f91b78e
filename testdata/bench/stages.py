"""Tells from CPU profiles what a program spends its time on."""

import collections
import re

import measure

COLLECTOR = ("garbage collection", r"runtime\.(?:gcBgMarkWorker|bgsweep|bgscavenge|gcAssist)")
SCAN = [
    ("SHA-256 of the file", r"sha256"),
    COLLECTOR,
    ("opening files and their footers", r"parquet-go\.OpenFile|pkg/scan\.open\b"),
    ("finishing the profile", r"profile\.\(\*Builder\)\.(?:Profile|sortedConversations)\b"),
    ("dividing flows by conversation and adding them to hosts", r"profile\.\(\*Adder\)\."),
    ("adding flows to conversations", r"pkg/profile\."),
    ("decoding in the Parquet library", r"parquet-go|klauspost"),
    ("columns to flows", r"pkg/scan\."),
]


def top(program, profile, count=25):
    """The functions that take most, as pprof prints them."""
    lines = measure.must(["go", "tool", "pprof", "-top", f"-nodecount={count}", program, profile]).splitlines()
    first = next(i for i, line in enumerate(lines) if "flat%" in line)
    return "\n".join(re.sub(r"\[go\.shape.*", "[…]", line)[:110].rstrip() for line in lines[first:])


def shares(program, profile, stages):
    """The share of each stage, of which the first that a stack of calls names counts; and of what none names.

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
    """Shares as text, the largest first, without what is no whole percent."""
    order = sorted(share.items(), key=lambda s: -s[1])
    return ", ".join(f"{name} {value:.0%}".replace("%", " %") for name, value in order if value >= 0.01)
