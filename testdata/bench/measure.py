"""Runs programs and says what they took."""

import collections
import json
import os
import re
import statistics
import subprocess
import time

Run = collections.namedtuple("Run", "seconds cpu memory")  # memory: the most at any time, in bytes


def must(command, **options):
    """Runs a command that must succeed and returns what it printed."""
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, text=True, **options)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))[:300]}: exit status {done.returncode}")
    return done.stdout


def run(command, env=None):
    """Runs a program once. Its time is what it prints as {"seconds": …}, else that of the whole process."""
    start = time.perf_counter()
    child = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env)
    out = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(map(str, command))[:300]}: exit status {child.returncode}")
    try:
        seconds = json.loads(out.strip().splitlines()[-1])["seconds"]
    except (ValueError, IndexError, KeyError, TypeError):
        pass
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def median(runs):
    return Run(*(statistics.median(values) for values in zip(*runs)))


def go_benchmark(test, name, file, rounds):
    """The medians of the parts of a Go benchmark, in seconds; the parts take turns."""
    environment = os.environ | {"FLOWBOOK_BENCH_FILE": str(file)}
    seconds = collections.defaultdict(list)
    for _ in range(rounds):
        out = must([test, "-test.run", "^$", "-test.bench", f"^{name}$", "-test.benchtime", "3x"], env=environment)
        for part, ns in re.findall(rf"^{name}/(\S+?)(?:-\d+)?\s+\d+\s+(\d+) ns/op", out, re.M):
            seconds[part].append(int(ns) / 1e9)
    return {part: statistics.median(values) for part, values in seconds.items()}


def profile(test, file, folder):
    """Where a scan spends its time, as pprof prints it."""
    environment = os.environ | {"FLOWBOOK_BENCH_FILE": str(file)}
    to = folder / "cpu.pprof"
    must([test, "-test.run", "^$", "-test.bench", "^BenchmarkFile$/^scan$", "-test.benchtime", "20x", "-test.cpuprofile", to], env=environment)
    top = must(["go", "tool", "pprof", "-top", "-nodecount=25", test, to], stderr=subprocess.DEVNULL)
    lines = top.splitlines()
    first = next(i for i, line in enumerate(lines) if "flat%" in line)
    return "\n".join(re.sub(r"\[go\.shape.*", "[…]", line)[:110].rstrip() for line in lines[first:])
