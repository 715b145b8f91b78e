"""Computes the Sentinel tool's measures with pandas, as its formulas say.

    sentinel.py FOLDER PERCENTILE

For each NAME.csv of flows in FOLDER, or NAME.parquet where there is no such
CSV, it writes NAME.parquet as pandas does and NAME.txt, which is what Sentinel
prints. countries.json maps destinations to country codes.

Three things are pinned that Sentinel leaves to chance: equal values keep their
order (pandas' own sort is not stable), lists of hosts are in order of address
(Sentinel's come out of a set), and all rows are printed.
"""

import ipaddress
import json
import pathlib
import sys

import pandas as pd

WIDTH = 50  # display.max_colwidth


def country_volume(data, codes):
    data = data.assign(country=data["dst_ip"].map(codes))
    volume = data.groupby(["country"]).agg({"dst_ip": ["count"], "down_bytes": ["sum"]})
    volume = volume.sort_values(("dst_ip", "count"), ascending=False, kind="stable")
    return volume.to_string(max_colwidth=WIDTH)


def traffic_distribution(data):
    hour = pd.to_datetime(data["timestamp"] / 100.0, unit="s").dt.hour.rename("hour")
    return hour.value_counts().sort_index().to_string()


def data_exfiltration(data, percentile):
    share = 1 - (percentile / 100)
    ratios = data.groupby(["src_ip"], as_index=False)[["down_bytes", "up_bytes"]].sum()
    ratios["ratio"] = ratios["down_bytes"] / ratios["up_bytes"]
    ratios = ratios.sort_values(["ratio"], ascending=False, kind="stable")
    return ratios.head(int(len(ratios) * share)).to_string(max_colwidth=WIDTH)


def frequency(flows, times):
    period = times[-1] - times[0]
    return len(flows) / period if period else float("nan")


def botnet(data, subnet):
    inside = {ip for ip in set(data["src_ip"]) | set(data["dst_ip"]) if ipaddress.ip_address(ip) in subnet}
    same = data.loc[data["src_ip"].isin(inside) & data["dst_ip"].isin(inside)]
    if same.empty:
        return None
    same = same.groupby(["dst_ip"], as_index=False).agg({"src_ip": list, "timestamp": list})
    same["frequency"] = [frequency(s, t) for s, t in zip(same["src_ip"], same["timestamp"])]
    same = same.drop(["timestamp"], axis=1)
    same["src_ip"] = same["src_ip"].apply(lambda ips: sorted(set(ips), key=ipaddress.ip_address))
    same = same.sort_values(["frequency"], ascending=False, kind="stable")
    return same.to_string(max_colwidth=WIDTH)


def sentinel(data, codes, percentile):
    blocks = [
        ("Calculate the country of origin of the destination IPs and the connection volume for each country."
         " Generating a PNG with the bar graph.", country_volume(data, codes)),
        ("Distribution of connection volume during the day.", traffic_distribution(data)),
        (f"IPs above the {percentile} percentile of the downloads over uploads in this session.",
         data_exfiltration(data, percentile)),
    ]
    subnets = {ipaddress.ip_network(ip + "/24", strict=False) for ip in set(data["src_ip"])}
    for subnet in sorted(subnets):
        table = botnet(data, subnet)
        if table is not None:
            blocks.append((f"Flows between internal hosts to common destinations in the same subnet ({subnet}),"
                           " may indicate the existence of an internal botnet.", table))
    text = "".join(f"\n[!] {title}\n\n{table}\n" for title, table in blocks)
    if len(blocks) == 3:
        text += "\n[!] No subnet has flows between its hosts.\n"
    return text


def main(folder, percentile):
    folder = pathlib.Path(folder)
    codes = json.loads((folder / "countries.json").read_text())
    names = {path.stem for path in folder.iterdir() if path.suffix in (".csv", ".parquet")}
    for name in sorted(names):
        csv, parquet = folder / f"{name}.csv", folder / f"{name}.parquet"
        data = pd.read_csv(csv) if csv.exists() else pd.read_parquet(parquet)
        data.to_parquet(parquet)
        (folder / f"{name}.txt").write_text(sentinel(data, codes, percentile))


main(sys.argv[1], int(sys.argv[2]))
