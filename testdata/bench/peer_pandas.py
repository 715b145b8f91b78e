"""What the Sentinel tool computes of a day, in pandas.

    peer_pandas.py seed FILE COUNTRY_MMDB    as the tool does it: a Python function for each row
    peer_pandas.py vectorised FILE           the aggregates of a profile, in pandas' own operations

Charts are left out.
"""

import ipaddress
import json
import sys
import time

import numpy as np
import pandas as pd


def seed(file, country):
    import maxminddb

    reader = maxminddb.open_database(country)

    def code(ip):
        found = reader.get(ip)
        return found["country"]["iso_code"] if found and "country" in found else ""

    data = pd.read_parquet(file)
    data["country"] = data["dst_ip"].apply(lambda ip: code(ip))
    volume = data.groupby(["country"]).agg({"dst_ip": ["count"], "down_bytes": ["sum"]})
    volume.sort_values(("dst_ip", "count"), ascending=False)
    data["hour"] = pd.to_datetime(data["timestamp"] / 100.0, unit="s").dt.hour
    data["hour"].value_counts().sort_index()
    ratios = data.groupby(["src_ip"], as_index=False)[["down_bytes", "up_bytes"]].sum()
    ratios["ratio"] = ratios["down_bytes"] / ratios["up_bytes"]
    ratios.sort_values(["ratio"], ascending=False)
    subnet = ipaddress.IPv4Network("192.168.0.0/16")
    data["src_ip"] = data["src_ip"].astype(str)
    same = data.loc[
        (data["src_ip"].apply(lambda x: ipaddress.IPv4Address(x) in subnet))
        & (data["dst_ip"].apply(lambda x: ipaddress.IPv4Address(x) in subnet))
    ]
    same = same.groupby(["dst_ip"], as_index=False).agg({"src_ip": list, "timestamp": list})
    same["frequency"] = same.apply(lambda x: len(x.src_ip) / max(x.timestamp[-1] - x.timestamp[0], 1), axis=1)
    same = same.drop(["timestamp"], axis=1)
    same["src_ip"] = same["src_ip"].apply(lambda x: list(set(x)))
    same.sort_values(["frequency"], ascending=False)


def vectorised(file):
    key = ["src_ip", "dst_ip", "proto", "port"]
    data = pd.read_parquet(file)
    for column in key[:3]:
        data[column] = data[column].astype("category")
    data["hour"], data["slot"], data["second"] = (data["timestamp"] // n for n in (360000, 180000, 100))
    counts = {"flows": ("up_bytes", "size"), "up": ("up_bytes", "sum"), "down": ("down_bytes", "sum")}
    data.groupby("hour").agg(**counts)
    data.groupby(["src_ip", "slot"], observed=True).agg(**counts)
    by_key = data.groupby(key, observed=True)
    conversations = by_key.agg(
        **counts, max_up=("up_bytes", "max"), max_down=("down_bytes", "max"), first=("timestamp", "min"), last=("timestamp", "max")
    )
    hours = data.groupby([*key, "hour"], observed=True).size().unstack(fill_value=0)
    seconds = data[[*key, "second"]].drop_duplicates().sort_values([*key, "second"])
    same = (seconds[key] == seconds[key].shift()).all(axis=1)
    seconds["gap"] = np.where(same, seconds["second"].diff(), np.nan)
    seconds["square"] = seconds["gap"] ** 2
    rhythm = seconds.groupby(key, observed=True).agg(
        seconds=("second", "size"), gap_sum=("gap", "sum"), gap_squares=("square", "sum"), gap_min=("gap", "min"), gap_max=("gap", "max")
    )
    return conversations.join(hours).join(rhythm)


if __name__ == "__main__":
    start = time.perf_counter()
    {"seed": seed, "vectorised": vectorised}[sys.argv[1]](*sys.argv[2:])
    print(json.dumps({"seconds": time.perf_counter() - start}))
