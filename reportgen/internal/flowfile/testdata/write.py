"""Write the same flows with every writer that users have.

    write.py write FLOWS.csv FOLDER   all writers but Spark, one file each
    write.py spark FLOWS.csv FOLDER   Spark, a folder of parts
    write.py count FLOWS.parquet      the counts of each conversation, as CSV,
                                      computed by DuckDB
    write.py read FLOWS.parquet       the sums of the columns, as each reader
                                      of the file sees them
"""

import pathlib
import sys

COLUMNS = ["timestamp", "src_ip", "dst_ip", "proto", "port", "up_bytes", "down_bytes"]
TEXT = ["src_ip", "dst_ip", "proto"]


def write_pyarrow(df, folder):
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(df, preserve_index=False)

    def cast(**types):
        schema = table.schema
        for name, t in types.items():
            schema = schema.set(schema.get_field_index(name), pa.field(name, t))
        return table.cast(schema)

    def write(name, t=table, **options):
        pq.write_table(t, folder / f"pyarrow-{name}.parquet", **options)

    df.to_parquet(folder / "pandas-pyarrow.parquet", engine="pyarrow")
    df.astype({c: "category" for c in TEXT}).to_parquet(folder / "pandas-categorical.parquet", engine="pyarrow")
    write("small-row-groups", row_group_size=1_111)
    write("small-pages", data_page_size=2_000, write_page_index=True, data_page_version="2.0")
    write("plain", use_dictionary=False, compression="none")
    write("zstd", compression="zstd")
    write("gzip", compression="gzip")
    write("lz4", compression="lz4")
    write("brotli", compression="brotli")
    write("dictionary-overflows", dictionary_pagesize_limit=600, data_page_size=5_000)
    write(
        "delta",
        use_dictionary=False,
        column_encoding={
            **{c: "DELTA_BINARY_PACKED" for c in COLUMNS if c not in TEXT},
            "src_ip": "DELTA_BYTE_ARRAY", "dst_ip": "DELTA_LENGTH_BYTE_ARRAY", "proto": "PLAIN",
        },
    )
    write("split", use_dictionary=TEXT,
          column_encoding={c: "BYTE_STREAM_SPLIT" for c in COLUMNS if c not in TEXT})
    write("large-string", cast(src_ip=pa.large_string(), dst_ip=pa.large_string(), proto=pa.large_string()))
    write("binary", cast(src_ip=pa.binary(), dst_ip=pa.binary(), proto=pa.binary()))
    write("small-integers", cast(timestamp=pa.uint32(), port=pa.uint16(), up_bytes=pa.uint64(), down_bytes=pa.int64()))
    write("int32", cast(timestamp=pa.int32(), port=pa.int32()))
    write("float", cast(timestamp=pa.float64(), port=pa.float32(), up_bytes=pa.float64(), down_bytes=pa.float64()))
    write("decimal", cast(port=pa.int32()).cast(table.schema.set(table.schema.get_field_index("port"), pa.field("port", pa.decimal128(10, 0)))), store_decimal_as_integer=True)
    required = pa.schema([pa.field(f.name, f.type, nullable=False) for f in table.schema])
    write("required", pa.Table.from_arrays(table.columns, schema=required))
    other = table.select(list(reversed(COLUMNS)))
    other = other.add_column(2, "note", pa.array(["x"] * len(df)))
    other = other.append_column("list", pa.array([[1, 2]] * len(df)))
    write("other-columns", other)


def write_fastparquet(df, folder):
    import fastparquet

    def write(name, frame=df, **options):
        fastparquet.write(str(folder / f"fastparquet-{name}.parquet"), frame, **options)

    # Text without a dictionary, one row group, one page a column.
    write("plain")
    write("snappy", compression="SNAPPY")
    write("row-groups", row_group_offsets=3_000)
    write("nullable", has_nulls=True)
    write("required", has_nulls=False)
    write("categorical", df.astype({c: "category" for c in TEXT}))
    write("bytes", df.assign(**{c: df[c].map(str.encode) for c in TEXT}),
          object_encoding={c: "bytes" for c in TEXT})


def write_duckdb(csv, folder):
    import duckdb

    con = duckdb.connect()
    con.sql(
        f"""CREATE TABLE flows AS SELECT timestamp::INTEGER AS timestamp, src_ip, dst_ip, proto,
        port::USMALLINT AS port, up_bytes::BIGINT AS up_bytes, down_bytes::UBIGINT AS down_bytes
        FROM read_csv('{csv}', header=true, all_varchar=true)"""
    )

    def write(name, options, query="FROM flows"):
        con.sql(f"COPY ({query}) TO '{folder}/duckdb-{name}.parquet' (FORMAT parquet{options})")

    write("default", "")
    write("zstd", ", COMPRESSION zstd, ROW_GROUP_SIZE 4096")
    write("v2", ", PARQUET_VERSION v2")
    write("enum", "", "SELECT * REPLACE (proto::ENUM('tcp', 'udp') AS proto) FROM flows")
    write("shouting", "", "SELECT * REPLACE (upper(proto) AS proto) FROM flows")


def write_spark(csv, folder):
    from pyspark.sql import SparkSession

    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    schema = "timestamp INT, src_ip STRING, dst_ip STRING, proto STRING, port INT, up_bytes BIGINT, down_bytes BIGINT"
    df = spark.read.csv(csv, header=True, schema=schema)
    df.repartition(3).write.parquet(str(folder / "spark"))
    df.coalesce(1).write.option("parquet.writer.version", "PARQUET_2_0").option("compression", "zstd").parquet(
        str(folder / "spark-v2")
    )
    spark.stop()


def count(path):
    import duckdb

    duckdb.sql(
        f"""COPY (SELECT src_ip, dst_ip, proto, port, count(*), sum(up_bytes), sum(down_bytes),
        max(up_bytes), max(down_bytes), min(timestamp), max(timestamp), count(DISTINCT timestamp // 100)
        FROM '{path}' GROUP BY ALL ORDER BY ALL) TO '/dev/stdout' (FORMAT csv, HEADER false)"""
    )


def read(path):
    import duckdb
    import pandas as pd

    frames = {
        "pandas": lambda: pd.read_parquet(path, engine="pyarrow"),
        "duckdb": lambda: duckdb.sql(f"FROM '{path}'").df(),
    }
    for name, frame in frames.items():
        df = frame()
        print(name, len(df), *(df[c].astype("int64").sum() for c in COLUMNS if c not in TEXT),
              df["src_ip"].nunique(), df["dst_ip"].nunique())


def main(mode, path, folder=None):
    import pandas as pd

    if mode == "count":
        return count(path)
    if mode == "read":
        return read(path)
    folder = pathlib.Path(folder)
    if mode == "spark":
        return write_spark(path, folder)
    df = pd.read_csv(path)[COLUMNS]
    for c in TEXT:
        df[c] = df[c].astype(object)
    write_pyarrow(df, folder)
    write_fastparquet(df, folder)
    write_duckdb(path, folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
