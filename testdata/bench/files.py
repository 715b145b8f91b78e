"""Writes the day that `reportgen synth` made as other writers do.

    files.py FOLDER FLOWS

FOLDER/data.parquet becomes pyarrow.parquet and, for a million flows, fastparquet.parquet, groups.parquet (row groups
of a hundred rows) and files/ (a thousand files). For more flows than the day has, it is written again and again.
"""

import pathlib
import sys

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


def main(folder, flows):
    folder, flows = pathlib.Path(folder), int(flows)
    day = pq.ParquetFile(folder / "data.parquet")
    whole = folder / "pyarrow.parquet"
    if not whole.exists():
        schema = pa.schema([(n, pa.int64() if pa.types.is_integer(t) else pa.string()) for n, t in zip(day.schema_arrow.names, day.schema_arrow.types)])
        with pq.ParquetWriter(folder / "pyarrow.part", schema) as writer:
            for _ in range(-(-flows // day.metadata.num_rows) if flows > 50_000_000 else 1):
                for group in range(day.num_row_groups):
                    writer.write_table(day.read_row_group(group).cast(schema))
        (folder / "pyarrow.part").rename(whole)
    if flows > 1_000_000:
        return
    table = pq.read_table(whole)
    if not (folder / "fastparquet.parquet").exists():
        frame = pd.DataFrame({name: table[name].to_numpy(zero_copy_only=False) for name in table.column_names})
        frame.to_parquet(folder / "fastparquet.parquet", engine="fastparquet", index=False)
    if not (folder / "groups.parquet").exists():
        pq.write_table(table, folder / "groups.parquet", row_group_size=max(len(table) // 10_000, 1))
    if not (folder / "files").exists():
        (folder / "files").mkdir()
        step = -(-len(table) // 1_000)
        for n in range(1_000):
            pq.write_table(table.slice(n * step, step), folder / "files" / f"{n:03}.parquet")


if __name__ == "__main__":
    main(*sys.argv[1:])
