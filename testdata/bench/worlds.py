"""Days like real logs: few flows in a conversation, both directions, IPv6, and in one of them the optional columns.

The sample days of `reportgen synth` have 24 to 38 flows in a conversation. Real logs have three to six, so that most flows
meet a conversation that is not in the processor's cache.
"""

import json

import measure
import scanning
import stages
from tables import table, target

WORLDS = {"3 flows a conversation": (3, False), "6 flows a conversation": (6, False), "30 flows a conversation": (30, False),
          "6 flows a conversation, optional columns": (6, True)}
FLOWS = {"1M": 10**6, "20M": 20 * 10**6, "100M": 100 * 10**6}

# What a scan cannot do without, by the sizes of its data (pkg/profile): a flow is decoded to 44 bytes, divided as 24, and its
# event of 8 bytes is written and sorted; each is written once and read once. A flow also touches the line of its host. A
# conversation is built in 128 bytes, sorted as 36 and finished as 256, in lines of the table, its state, its hours and four of
# the result.
BYTES = {"flow": 2 * (44 + 24 + 8 + 8), "conversation": 2 * 128 + 2 * 36 + 256}
LINES = {"flow": 1, "conversation": 7}

# A conversation has a number, drawn so that a few have many flows; its ends follow from the number. A tenth of the sources
# are outside, and a fortieth of the conversations are IPv6. DRAW returns a whole number below n.
DRAW = "CREATE MACRO draw(x, which, n) AS CAST(hash(x, which) % n AS BIGINT)"
DAY = """COPY (
  WITH drawn AS (SELECT i, CAST(floor({conversations} * pow(draw(i, 1, 1099511627776) / 1099511627776.0, 1.3)) AS BIGINT) AS c FROM range({flows}) r(i)),
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
        measure.apart(make, file, flows, per, optional)
    return file


def make(file, flows, per, optional):
    """Writes the flow file of a day."""
    import duckdb

    part = file.with_suffix(".part")
    db = duckdb.connect(config={"memory_limit": "4GB", "temp_directory": str(file.parent / "spilled")})
    db.execute(DRAW)
    db.execute(DAY.format(conversations=flows // per, flows=flows, hosts=max(200, flows // per // 300), file=part, optional=OPTIONAL if optional else ""))
    part.rename(file)


def run(bench, sizes):
    """Scans of all worlds beside their peers, and the memory of ever more conversations."""
    found = {"worlds": {}}
    costs = json.loads(measure.must(["go", "run", "./reportgen/internal/bench/machine"], cwd=bench.root))
    for size in sizes:
        for name, (per, optional) in WORLDS.items():
            file = day(bench, FLOWS[size], per, optional)
            world = {"checked": scanning.check(bench, size, file, scanning.DUCKDB[:1]) if size != "100M" else []}
            world["scan"] = scanning.compare(bench, size, {"pyarrow": file, "country": None})
            world["stages"], world["conversations"] = scanning.profile(bench, {"1M": 10, "20M": 2}.get(size, 1), file)
            world["least"] = least(costs, FLOWS[size], world["conversations"], file.stat().st_size, world["scan"]["Flowbook"].memory)
            found["worlds"][f"{size} flows, {name}"] = world
    return found


def least(costs, flows, conversations, size, memory):
    """The processor time that the memory of a scan takes, by what it costs this machine in this run."""
    traffic = 2 * size + BYTES["flow"] * flows + BYTES["conversation"] * conversations
    lines = LINES["flow"] * flows + LINES["conversation"] * conversations
    pages = memory // 4096
    return {"traffic": (traffic / flows, traffic * costs["copy"]), "lines": (lines / flows, lines * costs["line"]), "pages": (pages / flows, pages * costs["page"])}


def bound(world, peer):
    """Why a scan is not faster: the processor time of its memory beside its own and that of a peer."""
    parts, ours = world["least"], world["scan"]["Flowbook"].cpu
    whole = sum(seconds for _, seconds in parts.values())
    theirs = min(r.cpu for n, r in world["scan"].items() if n.startswith(peer) and r)
    return (f"of {ours:.2f} s of CPU, its memory takes {whole:.2f} s at this machine's speed: {parts['traffic'][0]:.0f} bytes a flow {parts['traffic'][1]:.2f} s, "
            f"{parts['lines'][0]:.1f} random cache lines {parts['lines'][1]:.2f} s, {parts['pages'][0]:.2f} new pages {parts['pages'][1]:.2f} s; "
            f"with nothing else to do it would be {theirs / whole:.1f} times as fast as {peer}. CPU: {stages.words(world['stages'])}")


def targets(found):
    rows = []
    for name, world in found["worlds"].items():
        for peer in ("DuckDB", "Polars", "ClickHouse"):
            if scanning.best(world, peer):
                theirs = min(r.cpu for n, r in world["scan"].items() if n.startswith(peer) and r)
                rows.append(target(f"{name}: scan, times less CPU than {peer}", 5, theirs / world["scan"]["Flowbook"].cpu, "{:.1f}".format, reason=bound(world, peer)))
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
    return parts
