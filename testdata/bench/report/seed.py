"""The differences to fair.py: the method of the Sentinel tool and of the coursework report.

A day is read each time that it is needed, and a Python function is called for the address or time of each flow.
Inter-arrival times, which neither of them uses, are computed as in fair.py.
"""

import functools
import ipaddress

import maxminddb
import pandas as pd

from fair import owner, rhythm

__all__ = ["contacted", "country", "half_hours", "hour", "load", "owner", "private", "rhythm"]


def load(path):
    return pd.read_parquet(path)


@functools.cache
def database(path):
    return maxminddb.open_database(path)


def country(addresses, path):
    """The code of each address's country, or an empty text."""
    reader = database(path)

    def code(address):
        found = reader.get(address)
        return found["country"]["iso_code"] if found and "country" in found else ""

    return addresses.apply(code)


def private(addresses):
    return addresses.apply(lambda a: ipaddress.ip_address(a).is_private)


def hour(day):
    return pd.to_datetime(day["timestamp"] / 100.0, unit="s").dt.hour


def contacted(inside):
    """Per destination, who contacts it, how many flows, and flows per 1/100 s from the first to the last."""
    lists = inside.groupby("dst_ip", as_index=False).agg({"src_ip": list, "timestamp": list})
    lists["frequency"] = lists.apply(lambda r: len(r.src_ip) / max(r.timestamp[-1] - r.timestamp[0], 1), axis=1)
    lists["flows"] = lists["timestamp"].apply(len)
    lists["contacted_by"] = lists["src_ip"].apply(lambda hosts: list(set(hosts)))
    lists["hosts"] = lists["contacted_by"].apply(len)
    return lists.sort_values("frequency", ascending=False)


def half_hours(day, client):
    """Flows and up ÷ down of a client in each half hour of the day."""
    rows = []
    for slot in range(48):
        flows = day[(day["src_ip"] == client) & (day["timestamp"] >= slot * 180_000) & (day["timestamp"] < (slot + 1) * 180_000)]
        down = flows["down_bytes"].sum()
        rows.append({"flows": len(flows), "up_down": flows["up_bytes"].sum() / down if down else None})
    return pd.DataFrame(rows)
