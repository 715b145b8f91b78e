"""Runs programs and measures them."""

import collections
import json
import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import threading
import time

Run = collections.namedtuple("Run", "seconds cpu memory")  # memory: the most at any time, in bytes


class TooLarge(Exception):
    """A program that was ended because it took more memory than it may."""


def say(text):
    """Prints the progress of the measurement."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def must(command, **options):
    """Runs a command that must succeed and returns what it printed. Its errors are shown where it fails."""
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))[:300]}: exit status {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def run(command, limit=None, **options):
    """Runs a program once. Its time is what it prints as {"seconds": …}, else that of the whole process.

    With a limit, in bytes, a program that takes more memory is ended and TooLarge is raised.
    """
    start = time.perf_counter()
    options.setdefault("stderr", subprocess.DEVNULL)
    child = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, text=True, **options)
    ended, large = threading.Event(), threading.Event()
    if limit:
        threading.Thread(target=_guard, args=(child.pid, limit, ended, large), daemon=True).start()
    out = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    ended.set()
    child.returncode = os.waitstatus_to_exitcode(status)
    if large.is_set():
        raise TooLarge
    if child.returncode:
        raise SystemExit(f"{' '.join(map(str, command))[:300]}: exit status {child.returncode}")
    try:
        seconds = json.loads(out.strip().splitlines()[-1])["seconds"]
    except (ValueError, IndexError, KeyError, TypeError):
        pass
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def _guard(pid, limit, ended, large):
    """Ends a process whose memory goes beyond the limit."""
    page = os.sysconf("SC_PAGE_SIZE")
    while not ended.wait(0.05):
        try:
            with open(f"/proc/{pid}/statm") as f:
                resident, shared = (int(n) * page for n in f.read().split()[1:3])
        except (OSError, ValueError):
            return
        if resident - shared > limit:
            large.set()
            os.kill(pid, 9)
            return


def apart(function, *arguments):
    """Calls a function that needs much memory in a process of its own.

    Linux counts the most memory that a process ever took to those that it starts later, so this one must stay small.
    """
    child = multiprocessing.get_context("fork").Process(target=function, args=arguments)
    child.start()
    child.join()
    if child.exitcode:
        raise SystemExit(f"{function.__name__}: exit status {child.exitcode}")


def median(runs):
    return Run(*(statistics.median(values) for values in zip(*runs)))


def metrics(out):
    """What Go's benchmarks printed: by name, each value by its unit."""
    found = collections.defaultdict(lambda: collections.defaultdict(list))
    for name, values in re.findall(r"^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+(.+)$", out, re.M):
        for value, unit in re.findall(r"([\d.e+-]+) (\S+)", values):
            found[name][unit].append(float(value))
    return {name: {unit: statistics.median(values) for unit, values in units.items()} for name, units in found.items()}


def go_benchmark(test, name, file, rounds):
    """The medians of the parts of a Go benchmark, in seconds; the parts take turns."""
    environment = os.environ | {"FLOWBOOK_BENCH_FILE": str(file)}
    out = ""
    for _ in range(rounds):
        out += must([test, "-test.run", "^$", "-test.bench", f"^{name}$", "-test.benchtime", "3x"], env=environment)
    return {part.partition("/")[2]: units["ns/op"] / 1e9 for part, units in metrics(out).items()}
