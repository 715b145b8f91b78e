"""Days like real logs: few flows in a conversation, both directions, IPv6, and in one of them the optional columns.

The sample days of `reportgen synth` have 24 to 38 flows in a conversation. Real logs have three to six, so that most flows
meet a conversation that is not in the processor's cache.
"""

import duckdb

import measure
import scanning
import stages
from tables import mebibytes, table, target

WORLDS = {"3 flows a conversation": (3, False), "6 flows a conversation": (6, False), "30 flows a conversation": (30, False),
          "6 flows a conversation, optional columns": (6, True)}
FLOWS = {"1M": 10**6, "20M": 20 * 10**6, "100M": 100 * 10**6}
MEMORY = [1, 2, 4]  # million conversations of three flows

# A conversation has a number, drawn so that a few have many flows; its ends follow from the number. A tenth of the sources
# are outside, and a fortieth of the conversations are IPv6. DRAW returns a whole number below n.
DRAW = "CREATE MACRO draw(x, which, n) AS CAST(hash(x, which) % n AS BIGINT)"
DAY = """COPY (
  WITH drawn AS (SELECT i, CAST(floor({conversations} * pow(draw(i, 1, 1000003) / 1000003.0, 1.3)) AS BIGINT) AS c FROM range({flows}) r(i)),
       ends AS (SELECT i, c, draw(c, 3, 10) = 0 AS inbound,
         CASE WHEN draw(c, 2, 40) = 0 THEN format('2001:db8::{{:x}}', 1 + c % {hosts}) ELSE format('10.{{}}.{{}}.7', c % {hosts} // 250, c % {hosts} % 250) END AS inside,
         CASE WHEN draw(c, 2, 40) = 0 THEN format('2001:db8:1::{{:x}}', 1 + draw(c, 4, 60000))
              ELSE format('{{}}.{{}}.{{}}.{{}}', 60 + draw(c, 4, 40), draw(c, 5, 200), draw(c, 6, 30), draw(c, 7, 250)) END AS outside FROM drawn)
  SELECT draw(i, 8, 8640000) AS "timestamp", if(inbound, outside, inside) AS src_ip, if(inbound, inside, outside) AS dst_ip,
    if(draw(c, 9, 4) = 0, 'udp', 'tcp') AS proto, CAST([443, 443, 80, 22, 8080, 1024 + draw(c, 10, 60000)][1 + draw(c, 11, 6)] AS BIGINT) AS port,
    CAST(exp(4 + 8 * (draw(i, 12, 1000) / 1000.0)) AS BIGINT) AS up_bytes, CAST(exp(4 + 10 * (draw(i, 13, 1000) / 1000.0)) AS BIGINT) AS down_bytes {optional}
  FROM ends ORDER BY 1) TO '{file}' (FORMAT parquet, ROW_GROUP_SIZE 1000000)"""
OPTIONAL = """, draw(i, 14, 60000) AS duration, 1024 + draw(i, 15, 60000) AS src_port, 1 + draw(i, 16, 50) AS up_packets, draw(i, 17, 90) AS down_packets,
    ['established', 'established', 'refused', 'unanswered'][1 + draw(i, 18, 4)] AS state"""


def day(bench, flows, per, optional):
    """The flow file of a day, made once."""
    folder = bench.folder / "worlds"
    folder.mkdir(exist_ok=True)
    file = folder / f"{flows}-{per}{'-optional' if optional else ''}.parquet"
    if not file.exists():
        measure.say(f"making a day of {flows:,} flows, {per} a conversation")
        part = file.with_suffix(".part")
        db = duckdb.connect(config={"memory_limit": "4GB", "temp_directory": str(folder / "spilled")})
        db.execute(DRAW)
        db.execute(DAY.format(conversations=flows // per, flows=flows, hosts=max(200, flows // per // 300), file=part, optional=OPTIONAL if optional else ""))
        part.rename(file)
    return file


def run(bench, sizes):
    """Scans of all worlds beside their peers, and the memory of ever more conversations."""
    found = {"worlds": {}, "memory": []}
    for size in sizes:
        for name, (per, optional) in WORLDS.items():
            file = day(bench, FLOWS[size], per, optional)
            world = {"checked": scanning.check(bench, size, file, scanning.DUCKDB[:1]) if size != "100M" else []}
            world["scan"] = scanning.compare(bench, size, {"pyarrow": file, "country": None})
            world["stages"], world["conversations"] = scanning.profile(bench, {"1M": 10, "20M": 2}.get(size, 1), file)
            found["worlds"][f"{size} flows, {name}"] = world
    for millions in MEMORY:
        measure.say(f"memory of {millions} million conversations")
        file, profile = day(bench, 3_000_000 * millions, 3, False), bench.folder / "day.profile"
        scan = measure.run([bench.reportgen, "profile", file, "-o", profile])
        detect = measure.run([bench.reportgen, "detect", "--test", profile], cwd=bench.folder)
        _, conversations = scanning.profile(bench, 1, file)
        found["memory"].append({"conversations": conversations, "scan": scan, "detect": detect, "file": profile.stat().st_size})
    return found


def targets(found):
    rows = []
    for name, world in found["worlds"].items():
        for peer in ("DuckDB", "Polars", "ClickHouse"):
            if ratio := scanning.best(world, peer):
                rows.append(target(f"{name}: scan, times faster than {peer}", 5, ratio, "{:.1f}".format, reason=f"CPU of the scan: {stages.words(world['stages'])}"))
    return rows


def section(found):
    parts = ["## Days like real logs", "Three, six and thirty flows in a conversation on average, most in a few; a tenth of the flows come from outside, and some are IPv6. "
             "The peers compute the aggregates of the required columns only. CPU compares better than time if other programs keep the machine busy."]
    for name, world in found["worlds"].items():
        ours, scans = world["scan"]["Flowbook"], {n: r for n, r in world["scan"].items() if r}
        parts += [f"### {name}, {world['conversations']:,} conversations",
                  table(["", "time", "CPU", "time, Flowbook = 1", "CPU, Flowbook = 1"],
                        [[n, f"{r.seconds:.2f} s", f"{r.cpu:.2f} s", f"{r.seconds / ours.seconds:.1f}", f"{r.cpu / ours.cpu:.1f}"]
                         for n, r in sorted(scans.items(), key=lambda r: r[1].cpu)]),
                  f"CPU of the scan: {stages.words(world['stages'])}."]
        if world["checked"]:
            parts.append("Every aggregate was compared with DuckDB's result in this run. No row differs.")
    first, last = found["memory"][0], found["memory"][-1]
    rows = [[f"{m['conversations']:,}", mebibytes(m["scan"].memory), mebibytes(m["detect"].memory), mebibytes(m["file"])] for m in found["memory"]]
    more = last["conversations"] - first["conversations"]
    growth = {what: (last[what].memory - first[what].memory) / more for what in ("scan", "detect")}
    parts += ["### Memory by conversations", "Most memory of `reportgen profile` and of `reportgen detect` without history, and the size of the profile, for days with three flows in a "
              "conversation.", table(["conversations", "profile", "detect", "file"], rows),
              f"Each conversation more takes {growth['scan']:,.0f} bytes in `profile` and {growth['detect']:,.0f} in `detect`. A hundred million would take "
              f"{growth['scan'] * 1e8 / 2**30:,.0f} GiB and {growth['detect'] * 1e8 / 2**30:,.0f} GiB: `detect`, which holds the whole profile, is what breaks first. "
              "Let a database compute the profiles of larger days only if a machine with that memory runs `detect`."]
    return parts
