"""Writes the day that `reportgen synth` made as other writers do.

    files.py FOLDER TIMES FILE

FOLDER/data.parquet is written to FILE by pyarrow, TIMES over; each time but the last the hosts have other addresses, so
that there are one time fewer conversations: two million in the day of a hundred million flows. A day of a million flows also becomes fastparquet.parquet, groups.parquet (row
groups of a hundred rows) and files/ (a thousand files). Files that are there already are kept.
"""

import pathlib
import sys

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


def write(day, times, whole):
    """Writes a day to a file row group by row group, as often as asked."""
    schema = pa.schema([(n, pa.int64() if pa.types.is_integer(t) else pa.string()) for n, t in zip(day.schema_arrow.names, day.schema_arrow.types)])
    part = whole.with_suffix(".part")
    with pq.ParquetWriter(part, schema) as writer:
        for n in range(times):
            for group in range(day.num_row_groups):
                table = day.read_row_group(group).cast(schema)
                if 0 < n < times - 1:
                    column = table.column_names.index("src_ip")
                    sources = pc.replace_substring(table["src_ip"], "192.168.", f"10.{n}.", max_replacements=1)
                    table = table.set_column(column, schema.field(column), sources)
                writer.write_table(table)
    part.rename(whole)


def main(folder, times, whole):
    folder, times, whole = pathlib.Path(folder), int(times), pathlib.Path(whole)
    day = pq.ParquetFile(folder / "data.parquet")
    if not whole.exists():
        write(day, times, whole)
    if day.metadata.num_rows > 1_100_000:
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
