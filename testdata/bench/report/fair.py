"""What differs from seed.py: each day is read once a notebook, and everything is computed in pandas' own operations.

Addresses are dictionary codes from the file on, so that a property of an address is found once for each address and
not once for each flow.
"""

import functools
import ipaddress

import maxminddb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

ADDRESSES = ["src_ip", "dst_ip", "proto"]


@functools.cache
def load(path):
    return pq.read_table(path, read_dictionary=ADDRESSES).to_pandas()


@functools.cache
def database(path):
    return maxminddb.open_database(path, maxminddb.MODE_MEMORY)


def each(addresses, find):
    """The value of find for each flow's address."""
    return pd.Series(np.array([find(a) for a in addresses.cat.categories])[addresses.cat.codes], index=addresses.index)


def country(addresses, path):
    """The code of each address's country, or an empty text."""
    reader = database(path)
    return each(addresses, lambda a: ((reader.get(a) or {}).get("country") or {}).get("iso_code", ""))


def owner(address, path):
    return (database(path).get(address) or {}).get("autonomous_system_organization", "")


def private(addresses):
    return each(addresses, lambda a: ipaddress.ip_address(a).is_private)


def hour(day):
    return day["timestamp"] // 360_000


def contacted(inside):
    """Per destination, who contacts it, how many flows, and flows per 1/100 s from the first to the last."""
    by = inside.groupby("dst_ip", observed=True)
    r = by.agg(hosts=("src_ip", "nunique"), flows=("timestamp", "size"), first=("timestamp", "min"), last=("timestamp", "max"))
    r["contacted_by"] = inside[["dst_ip", "src_ip"]].drop_duplicates().groupby("dst_ip", observed=True)["src_ip"].agg(list)
    r["frequency"] = r["flows"] / (r["last"] - r["first"]).clip(lower=1)
    return r.sort_values("frequency", ascending=False).reset_index()


def half_hours(day, client):
    """Flows and up ÷ down of a client in each half hour of the day."""
    flows = day[day["src_ip"] == client]
    slots = flows.groupby(flows["timestamp"] // 180_000).agg(flows=("timestamp", "size"), up=("up_bytes", "sum"), down=("down_bytes", "sum"))
    slots["up_down"] = slots["up"] / slots["down"]
    return slots[["flows", "up_down"]].reindex(range(48)).fillna({"flows": 0})


def rhythm(flows):
    """Flows, hours, and mean and coefficient of variation of the gaps in seconds, by source and destination."""
    key = ["src_ip", "dst_ip"]
    seconds = flows[key].assign(second=flows["timestamp"] // 100).drop_duplicates().sort_values([*key, "second"])
    same = (seconds[key] == seconds[key].shift()).all(axis=1)
    seconds["gap"] = seconds["second"].diff().where(same)
    gaps = seconds.groupby(key, observed=True)["gap"].agg(["mean", "std"])
    r = flows.groupby(key, observed=True).agg(flows=("timestamp", "size"))
    r["hours"] = flows[key].assign(hour=hour(flows)).drop_duplicates().groupby(key, observed=True).size()
    r["gap_mean"], r["gap_cv"] = gaps["mean"], gaps["std"] / gaps["mean"]
    return r.reset_index()
