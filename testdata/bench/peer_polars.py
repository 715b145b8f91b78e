"""The aggregates of a profile in Polars, in two formulations and with either engine.

    peer_polars.py FORMULATION[-streaming] FILE
"""

import json
import sys
import time

import polars as pl

KEY = ["src_ip", "dst_ip", "proto", "port"]
COUNTS = [pl.len().alias("flows"), pl.col("up_bytes").sum().alias("up"), pl.col("down_bytes").sum().alias("down")]
SUMS = COUNTS + [
    pl.col("up_bytes").max().alias("max_up"),
    pl.col("down_bytes").max().alias("max_down"),
    pl.col("timestamp").min().alias("first"),
    pl.col("timestamp").max().alias("last"),
]


def hosts(flows):
    slots = flows.group_by("src_ip", (pl.col("timestamp") // 180000).alias("slot")).agg(COUNTS)
    hours = flows.group_by((pl.col("timestamp") // 360000).alias("hour")).agg(COUNTS)
    return [slots, hours]


def gaps(gap):
    return [
        gap.sum().alias("gap_sum"), (gap * gap).sum().alias("gap_squares"),
        gap.min().alias("gap_min"), gap.max().alias("gap_max"),
    ]


def lists(flows):
    """Everything of a conversation in one grouping, seconds as its sorted unique values."""
    hour, second = pl.col("timestamp") // 360000, (pl.col("timestamp") // 100).unique().sort()
    counts = [(hour == h).sum().alias(f"h{h}") for h in range(24)]
    seconds = [second.len().alias("seconds")] + gaps(second.diff())
    return hosts(flows) + [flows.group_by(KEY).agg(SUMS + counts + seconds)]


def levels(flows):
    """By conversation and second first, then by conversation, gaps between neighbours of the sorted rows."""
    second = flows.with_columns((pl.col("timestamp") // 100).alias("second"))
    seconds = second.select(KEY + ["second"]).unique().sort(KEY + ["second"])
    same = pl.all_horizontal([pl.col(k) == pl.col(k).shift() for k in KEY])
    gap = pl.when(same).then(pl.col("second").diff()).alias("gap")
    rhythm = seconds.with_columns(gap).group_by(KEY).agg([pl.len().alias("seconds")] + gaps(pl.col("gap")))
    hourly = [(pl.col("timestamp") // 360000 == h).sum().alias(f"h{h}") for h in range(24)]
    return hosts(flows) + [flows.group_by(KEY).agg(SUMS + hourly).join(rhythm, on=KEY)]


if __name__ == "__main__":
    formulation, _, engine = sys.argv[1].partition("-")
    start = time.perf_counter()
    flows = pl.scan_parquet(sys.argv[2]).with_columns(pl.col("timestamp").cast(pl.Int64))
    queries = {"lists": lists, "levels": levels}[formulation](flows)
    results = pl.collect_all(queries, engine="streaming" if engine else "in-memory")
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "conversations": results[2].height}))
