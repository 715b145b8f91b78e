"""Ten questions of an analyst in pandas and in Flowbook: lines, seconds, and which is easier.

    questions.py REPORTGEN OUTPUT    asks all questions in cells of both kernels and writes OUTPUT

The questions were written first, then the cells. Both kernels read the sample days of testdata. Each cell runs once in each of ROUNDS fresh
kernels, in turn, and prints its answer, which must be the same. Flowbook's cache is empty at the start of each round.
"""

import csv
import io
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import jupyter_client

ROUNDS = 3
ROOT = pathlib.Path(__file__).resolve().parents[2]

PANDAS = """\
import ipaddress, sys
import maxminddb, pandas as pd

def names(addresses, file, of):
    with maxminddb.open_database(f"../testdata/{file}.mmdb") as db:
        found = {a: db.get(a) for a in addresses.unique()}
    return addresses.map({a: of(r) if r else "" for a, r in found.items()})

def read(file):
    f = pd.read_parquet(f"../testdata/{file}.parquet")
    for end in ("src", "dst"):
        private = {a: ipaddress.ip_address(a).is_private for a in f[end + "_ip"].unique()}
        f[end + "_internal"] = f[end + "_ip"].map(private)
    external = f.dst_ip.where(~f.dst_internal, f.src_ip)
    f["country"] = names(external, "country", lambda r: r["country"]["names"]["en"])
    f["owner"] = names(external, "asn", lambda r: r["autonomous_system_organization"])
    f["hour"] = f.timestamp // 360000
    return f

normal, day = read("data"), read("test")
out = day[day.src_internal & ~day.dst_internal]"""

FLOWBOOK = """\
var run = nb.Open()

func out(day *profile.Profile) nb.FlowQuery {
	return nb.Flows(day).Where("src_ip in internal and not dst_ip in internal")
}"""

# The question, its cell in pandas and in Flowbook, and which of them is easier. The last line of a cell is an expression with the answer.
QUESTIONS = [
    ("How many flows, sources and bytes does the day have?",
     """pd.DataFrame({"flows": [len(day)], "distinct_src_ip": [day.src_ip.nunique()], "up_bytes": [day.up_bytes.sum()], "down_bytes": [day.down_bytes.sum()]})""",
     """nb.Flows(run.Test()).Aggregate("count", "distinct(src_ip)", "sum(up_bytes)", "sum(down_bytes)")""",
     "Flowbook: one call. Before this comparison, each aggregate was a struct of four words."),
    ("Which ten hosts sent most to addresses outside?",
     """sent = out.groupby("src_ip", as_index=False).up_bytes.sum()
sent.sort_values("up_bytes", ascending=False).head(10)""",
     """out(run.Test()).By("src_ip").Sort("up_bytes desc").Limit(10).Sum("up_bytes")""",
     "Equal. In Flowbook the order is named before the sum, as in a sentence but not as in pandas."),
    ("Which hosts sent more than 50 MB and ten times as much as on the normal day?",
     """before = normal[normal.src_internal & ~normal.dst_internal].groupby("src_ip").up_bytes.sum()
after = out.groupby("src_ip").up_bytes.sum()
both = pd.concat({"baseline_up_bytes": before, "test_up_bytes": after}, axis=1).fillna(0).reset_index()
both[(both.test_up_bytes > 50e6) & (both.test_up_bytes > 10 * both.baseline_up_bytes)]""",
     """sent := func(day *profile.Profile) frame.Frame { return out(day).By("src_ip").Sum("up_bytes") }
both := frame.Compare(sent(run.Baseline()), sent(run.Test()), "src_ip", "up_bytes")
frame.Where(both, "test_up_bytes > 50MB and test_up_bytes > 10 * baseline_up_bytes")""",
     "Flowbook: comparing two days is a function, and the condition has units."),
    ("Which countries have traffic that had none on the normal day, and how much?",
     """new = day[~day.country.isin(normal.country)]
new.groupby("country", as_index=False).up_bytes.sum()""",
     """before := nb.Flows(run.Baseline()).By("country").Count()
today := nb.Flows(run.Test()).By("country").Sum("up_bytes")
frame.Without(today, "country", before, "country")""",
     "Equal. Before this comparison it was a join whose empty cells were looked for. pandas needs the set-up for countries."),
    ("To whom and in which hours did 192.168.100.178 send most?",
     """sent = day[day.src_ip == "192.168.100.178"].groupby(["hour", "owner"], as_index=False).up_bytes.sum()
sent.sort_values("up_bytes", ascending=False).head(5)""",
     """nb.Flows(run.Test()).Where("src_ip = 192.168.100.178").By("hour", "owner").Sort("up_bytes desc").Limit(5).Sum("up_bytes")""",
     "Flowbook: hour and owner are columns without set-up."),
    ("Which ports does only one host use, and which host?",
     """ports = day.groupby("port", as_index=False).agg(distinct_src_ip=("src_ip", "nunique"), first_src_ip=("src_ip", "first"))
ports[ports.distinct_src_ip == 1]""",
     """ports := nb.Flows(run.Test()).By("port").Aggregate("distinct(src_ip)", "first(src_ip)")
frame.Where(ports, "distinct_src_ip = 1")""",
     "Equal."),
    ("Which pairs talk in at least 20 hours of the day?",
     """pairs = out.groupby(["src_ip", "dst_ip"], as_index=False).agg(distinct_hour=("hour", "nunique"))
pairs[pairs.distinct_hour >= 20]""",
     """pairs := out(run.Test()).By("src_ip", "dst_ip").Distinct("hour")
frame.Where(pairs, "distinct_hour >= 20")""",
     "Equal."),
    ("Which five hosts have the largest share of their uploads at night, of those with more than 1 MB?",
     """sent = out.assign(night=out.up_bytes.where((out.hour < 6) | (out.hour >= 22), 0)).groupby("src_ip", as_index=False)[["up_bytes", "night"]].sum()
sent = sent[sent.up_bytes > 1e6]
sent.assign(share=sent.night / sent.up_bytes).sort_values("share", ascending=False).head(5)""",
     """night := frame.With(out(run.Test()).Where("hour < 6 or hour >= 22").By("src_ip").Sum("up_bytes"), "night", "up_bytes")
sent := frame.Join(frame.Where(out(run.Test()).By("src_ip").Sum("up_bytes"), "up_bytes > 1MB"), "src_ip", night, "src_ip", "night")
frame.Head(frame.Sort(frame.With(sent, "share", "night / up_bytes"), "share desc"), 5)""",
     "pandas: a sum under a condition is a column; Flowbook needs a second query and a join."),
    ("Which hosts contact at least five more internal hosts than on the normal day?",
     """def contacts(f):
    return f[f.src_internal & f.dst_internal].groupby("src_ip").dst_ip.nunique()
both = pd.concat({"baseline_distinct_dst_ip": contacts(normal), "test_distinct_dst_ip": contacts(day)}, axis=1).fillna(0).reset_index()
both[both.test_distinct_dst_ip >= both.baseline_distinct_dst_ip + 5]""",
     """contacts := func(day *profile.Profile) frame.Frame {
	return nb.Flows(day).Where("src_ip in internal and dst_ip in internal").By("src_ip").Distinct("dst_ip")
}
both := frame.Compare(contacts(run.Baseline()), contacts(run.Test()), "src_ip", "distinct_dst_ip")
frame.Where(both, "test_distinct_dst_ip >= baseline_distinct_dst_ip + 5")""",
     "Flowbook: comparing two days is a function."),
    ("What are the five largest flows of 192.168.100.178?",
     """flows = day[day.src_ip == "192.168.100.178"].nlargest(5, "up_bytes")
flows[["timestamp", "dst_ip", "owner", "port", "up_bytes"]]""",
     """nb.Flows(run.Test()).Where("src_ip = 192.168.100.178").Sort("up_bytes desc").Limit(5).
	List("timestamp", "dst_ip", "owner", "port", "up_bytes")""",
     "Equal. nb.Show prints the time as 17:56:44, pandas as 6460400."),
]


class Kernel:
    def __init__(self, name, **environment):
        os.environ |= environment
        self.manager = jupyter_client.KernelManager(kernel_name=name)
        self.manager.start_kernel(cwd=ROOT / "notebooks", stderr=subprocess.DEVNULL)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=300)

    def run(self, code):
        """The text that a cell prints, and its seconds."""
        printed = []

        def hook(message):
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])
            elif message["msg_type"] not in ("status", "execute_input"):
                printed.append(str(message["content"]))

        start = time.perf_counter()
        reply = self.client.execute_interactive(code, timeout=600, output_hook=hook)
        seconds = time.perf_counter() - start
        text = "".join(printed)
        if reply["content"]["status"] != "ok":
            raise SystemExit(f"{code}\nfails: {text}")
        return text, seconds

    def stop(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel()


def last(code):
    """The statements of a cell, and the expression at its end."""
    lines = code.split("\n")
    start = len(lines) - 1
    while lines[start].startswith(("\t", " ")):
        start -= 1
    return "\n".join(lines[:start]), "\n".join(lines[start:])


def pandas(code):
    before, answer = last(code)
    return f"{before}\n({answer}).to_csv(sys.stdout, index=False)"


def flowbook(code):
    before, answer = last(code)
    return f"%%\n{before}\nanswer := {answer}\nnb.Check(answer.WriteCSV(os.Stdout))"


NAMES = {"Myanmar": "Myanmar (Burma)"}  # that of the database, and that of Unicode's list


def rows(text):
    """The rows of an answer without regard to their order, with numbers of six digits."""
    def cell(word):
        try:
            return f"{float(word):.6g}"
        except ValueError:
            return NAMES.get(word, word)
    header, *body = csv.reader(io.StringIO(text))
    order = sorted(range(len(header)), key=lambda i: header[i])
    return [[line[i] for i in order] for line in [header]] + sorted([cell(line[i]) for i in order] for line in body)


def main():
    reportgen, output = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2])
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    times = {}
    with tempfile.TemporaryDirectory() as temp:
        subprocess.run([reportgen, "kernel", "install", "--prefix", temp], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        for round in range(ROUNDS):
            kernels = [Kernel("python3"), Kernel("gonb", JUPYTER_PATH=f"{temp}/share/jupyter", FLOWBOOK_CACHE=f"{temp}/cache{round}")]
            for kernel, code in zip(kernels, (PANDAS, FLOWBOOK)):
                times.setdefault(("set-up", code), []).append(kernel.run(code)[1])
            for question, *codes, _ in QUESTIONS:
                answers = []
                for kernel, code, wrap in zip(kernels, codes, (pandas, flowbook)):
                    text, seconds = kernel.run(wrap(code))
                    answers.append(rows(text))
                    times.setdefault((question, code), []).append(seconds)
                if answers[0] != answers[1]:
                    raise SystemExit(f"{question}\npandas:   {answers[0]}\nFlowbook: {answers[1]}")
            for kernel in kernels:
                kernel.stop()
    output.write_text(report(times, load))


def report(times, load):
    count = lambda code: sum(bool(line.strip()) for line in code.split("\n"))
    median = lambda question, code: statistics.median(times[question, code])
    lines = [
        "# Ten questions in pandas and in Flowbook", "",
        "Generated by `make questions`; do not edit. The questions about the sample days were written first, then the cells, in "
        "`testdata/bench/questions.py`. Both answers are equal to six digits. A line is a line of the cell. Seconds are medians of "
        f"{ROUNDS} rounds in fresh kernels, from sending a cell to its reply: for Flowbook with compiling the cell, reading the flows and an "
        "empty cache; for pandas without reading, which is in the set-up. Only their ratio is meaningful.", "",
        f"{os.cpu_count()} cores, load at the start {load}. A cell of Flowbook is compiled and linked, which is most of its time and does not "
        "grow with the flows: on days of this size pandas answers sooner. pandas holds all flows in memory.", "",
        "| question | lines, pandas | lines, Flowbook | seconds, pandas | seconds, Flowbook | easier in |",
        "|---|---:|---:|---:|---:|---|",
    ]
    table = [("set-up", PANDAS, FLOWBOOK, "Flowbook: report.yaml names the days and databases; derived columns exist.")] + QUESTIONS
    for question, p, f, easier in table:
        lines.append(f"| {question} | {count(p)} | {count(f)} | {median(question, p):.2f} | {median(question, f):.2f} | {easier} |")
    sums = [sum(count(row[i]) for row in table) for i in (1, 2)], [sum(median(row[0], row[i]) for row in table) for i in (1, 2)]
    lines.append(f"| all | {sums[0][0]} | {sums[0][1]} | {sums[1][0]:.2f} | {sums[1][1]:.2f} | |")
    for question, p, f, _ in table:
        lines += ["", f"## {question[0].upper() + question[1:]}", "", "```python", p, "```", "", "```go", f, "```"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
