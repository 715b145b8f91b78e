"""The scaled experiment: days of ever more flows, and what they say about a thousand million."""

import os

import measure
import scanning
import worlds
from tables import mebibytes, table, target

SIZES = [int(n) for n in os.environ.get("BENCH_SCALE", "1 5 20 50").split()]  # million flows
PER = 10  # flows in a conversation
FLOWS, MEMORY = 10**9, 4 * 2**30  # what is wanted


def run(bench):
    """What `profile`, and `detect` on its profile, take for days of each size."""
    found = []
    for millions in SIZES:
        file, profile = worlds.day(bench, 1_000_000 * millions, PER, False), bench.folder / "day.profile"
        measure.say(f"profile and detect of {millions} million flows")
        scan = measure.run([bench.reportgen, "profile", file, "-o", profile])
        detect = measure.run([bench.reportgen, "detect", "--test", profile], cwd=bench.folder)
        _, conversations = scanning.profile(bench, 1, file)
        found.append({"flows": 1_000_000 * millions, "conversations": conversations, "profile": scan, "detect": detect, "file": profile.stat().st_size})
    return found


def line(found, value, flows=FLOWS):
    """The value for so many flows by the line through the last two sizes, and its growth with each flow."""
    before, last = found[-2:]
    growth = max(0, (value(last) - value(before)) / (last["flows"] - before["flows"]))
    return value(last) + growth * (flows - last["flows"]), growth


def memory(program):
    return lambda size: size[program].memory


VALUES = [memory("profile"), lambda size: size["profile"].cpu, memory("detect"), lambda size: size["detect"].cpu, lambda size: size["file"]]
FORMS = [mebibytes, "{:,.1f} s".format, mebibytes, "{:,.1f} s".format, mebibytes]


def targets(found):
    if len(found) < 2:
        return []
    rows = []
    for program in ("profile", "detect"):
        of_all, growth = line(found, memory(program))
        rows.append(target(f"memory of `{program}` for 1,000M flows in 100M conversations, by the growth between the last two sizes", MEMORY, of_all, mebibytes,
                           more=False, reason=f"{growth * PER:,.0f} bytes a conversation more, from {mebibytes(memory(program)(found[-1]))} for {found[-1]['conversations']:,}"))
    return rows


def section(found):
    def row(name, conversations, values):
        return [name, f"{conversations:,}", *(form(value) for form, value in zip(FORMS, values))]

    rows = [row(f"{f['flows'] // 1_000_000}M", f["conversations"], [value(f) for value in VALUES]) for f in found]
    parts = ["### A thousand million flows", f"Days of {PER} flows in a conversation: most memory and CPU of `reportgen profile` and of `reportgen detect` without history, and the size "
             "of the profile."]
    if len(found) > 1:
        rows.append(row(f"{FLOWS // 1_000_000:,}M, by the last two", FLOWS // PER, [line(found, value)[0] for value in VALUES]))
        parts.append("`profile` writes parts of a day to files when its builder is full, at about 3 GB, so its line is an upper bound from there on. `detect` holds the whole profile and is "
                     "what breaks first.")
    return [*parts, table(["flows", "conversations", "profile", "CPU", "detect", "CPU", "file"], rows)]
