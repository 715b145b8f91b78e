"""Imports the cases of logs that other tools write and prints right or wrong for each.

    imports.py REPORTGEN FOLDER    FOLDER holds a folder for each case, named by its number

A case is right if the import gives the flows below, as source>destination protocol/port up/down, or refuses the log and says why.
"""

import csv
import io
import pathlib
import subprocess
import sys
import tempfile

CSV = "--from csv --map timestamp=timestamp"
UGR = "--from csv --one-way --fields te,td,src_ip,dst_ip,src_port,port,proto,flg,fwd,stos,pkt,up_bytes,label --map end=te,duration=td"
PARQUET = "--from parquet --map timestamp=ts,src_ip=src,dst_ip=dst,port=dport,up_bytes=up,down_bytes=down"
WEB = "10.0.0.5>198.51.100.7 tcp/443 "

# The case's number, the arguments, the log, its flows (or their number, or None if it is refused), and what the program says.
CASES = [
    ("02", CSV, "base.csv", 720, "their networks may be 147.32.0.0/16"),
    ("03", "--from vpc", "test.log", 721, "joined 1,198 rows that continue a connection"),
    ("03", "--from nfdump", "long.txt", ["10.0.0.11>203.0.113.77 tcp/443 6212759/6126855"], ""),
    *(("05", "--from zeek", log, [WEB + "100/200"], "") for log in ("tsv.conn.log", "underscore.json", "nested.json", "tagged.json")),
    ("06", "--from zeek", "dns.log", None, "no row is a record of one"),
    ("06", "--from zeek", "mixed.json", ["10.0.0.5>10.0.0.1 udp/53 40/90"], "left out 1 row: record of another log"),
    ("08", "--from ecs", "so.ndjson", [WEB + "1000/5000"], ""),
    ("09", "--from ecs", "outside.ndjson", [WEB + "1000/5000"], ""),
    ("09", "--from ecs --one-way", "inside.ndjson", ["10.0.0.5>10.0.1.7 tcp/443 1000/5000"], ""),
    ("10", "--from nfdump", "scan.txt", [f"10.0.0.66>10.0.0.9 tcp/{49200 + n} 60/40" for n in range(30)], "decided who opened 30 connections by TCP flags"),
    ("11", CSV, "padded.csv", 3 * [WEB + "100/200"], ""),
    ("12", CSV, "numbers.csv", [WEB + f"{n}/200" for n in (100, 100, 1234, 100_000, 1_200_000, 15_000_000)], "used byte counts that the log rounds in 1 row"),
    ("12", "--from zeek", "kafka.json", [WEB + "100/200"], ""),
    ("14", "--from binetflow", "ra.csv", [WEB + "200/200", "10.0.0.5>10.0.0.1 udp/53 200/200", "10.0.0.5>198.51.100.8 udp/40000 200/200", "10.0.0.5>198.51.100.7 tcp/8443 200/200"], ""),
    ("15", UGR, "ugr.csv", ["42.219.154.107>143.72.8.137 udp/53 66/0"], ""),
    ("16", CSV, "dates.csv", None, "a date before 1990 or after tomorrow"),
    ("19", "--from vpc", "cloudwatch.ndjson", [WEB + "2000/0"], ""),
    ("20", "--from eve", "eve.log", [WEB + "1000/5000"], ""),
    ("25", PARQUET, "i-bytesdec.parquet", [WEB + "123456789012/12"], ""),
    *(("25", PARQUET, log, [WEB + "100/200"], "") for log in ("i-dec.parquet", "i-clz4.parquet", "hive")),
    ("25", PARQUET, "i-date32.parquet", None, "time not readable"),
]


def check(reportgen, log, args, flows, says):
    """What is wrong with an import, or "". Flows are a list, their number, or None for a refusal."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([reportgen, "import", *args.split(), str(log), "--into", folder + "/days"], capture_output=True, text=True, check=False)
        if says not in done.stderr:
            return f"does not say {says!r}: {done.stderr}"
        if flows is None:
            return "" if done.returncode == 2 else f"status {done.returncode} instead of 2"
        if done.returncode:
            return done.stderr
        table = subprocess.run([reportgen, "query", folder + "/days", "--format", "csv", "--limit", "0"], capture_output=True, text=True, check=True)
        got = [f"{r['src_ip']}>{r['dst_ip']} {r['proto']}/{r['port']} {r['up_bytes']}/{r['down_bytes']}" for r in csv.DictReader(io.StringIO(table.stdout))]
        right = sorted(got) == sorted(flows) if isinstance(flows, list) else len(got) == flows
        return "" if right else f"gives {len(got)} flows: {got[:40]}\n{done.stderr}"


def main():
    reportgen, cases = sys.argv[1], pathlib.Path(sys.argv[2])
    wrong = 0
    for number, args, name, flows, says in CASES:
        log = next(cases.glob(number + "-*")) / name
        fault = check(reportgen, log, args, flows, says)
        wrong += fault != ""
        print(f"{'wrong' if fault else 'right'}  {log.parent.name}/{name}{': ' if fault else ''}{fault}")
    print(f"{len(CASES) - wrong} right, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
