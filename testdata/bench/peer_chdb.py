"""The aggregates of a profile in ClickHouse's SQL, with chDB, which is ClickHouse as a library.

    peer_chdb.py lists|bitmaps FILE

Seconds of a conversation are a sorted array of different values, or a bitmap.
"""

import json
import sys
import time

import chdb.session

HOURS = ", ".join(f"countIf(intDiv(timestamp, 360000) = {h}) AS h{h}" for h in range(24))
COUNTS = "count() AS flows, sum(up_bytes) AS up, sum(down_bytes) AS down"
SECONDS = {"lists": "arraySort(groupUniqArray(toUInt32(intDiv(timestamp, 100))))",
           "bitmaps": "arraySort(bitmapToArray(groupBitmapState(toUInt32(intDiv(timestamp, 100)))))"}
TABLES = {
    "slots": "SELECT src_ip, intDiv(timestamp, 180000) AS slot, {counts} FROM {flows} GROUP BY src_ip, slot",
    "hours": "SELECT intDiv(timestamp, 360000) AS hour, {counts} FROM {flows} GROUP BY hour",
    "conversations": """SELECT * EXCEPT (s, gaps), length(s) AS seconds, arraySum(gaps) AS gap_sum, arraySum(g -> g * g, gaps) AS gap_squares,
        arrayMin(gaps) AS gap_min, arrayMax(gaps) AS gap_max FROM (SELECT *, arrayPopFront(arrayDifference(s)) AS gaps FROM (
        SELECT src_ip, dst_ip, proto, port, {counts}, max(up_bytes) AS max_up, max(down_bytes) AS max_down, min(timestamp) AS first, max(timestamp) AS last,
        {hours}, {seconds} AS s FROM {flows} GROUP BY src_ip, dst_ip, proto, port))""",
}

if __name__ == "__main__":
    formulation, file = sys.argv[1:]
    db = chdb.session.Session()
    start = time.perf_counter()
    for name, query in TABLES.items():
        query = query.format(counts=COUNTS, hours=HOURS, seconds=SECONDS[formulation], flows=f"file('{file}', Parquet)")
        db.query(f"CREATE TABLE {name} ENGINE = Memory AS {query}")
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "conversations": int(str(db.query("SELECT count() FROM conversations")))}))
