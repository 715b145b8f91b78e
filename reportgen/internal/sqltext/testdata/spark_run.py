"""Runs the SQL statements on standard input, a JSON list, with Spark on two executor processes."""

import json
import os
import sys

from pyspark.sql import SparkSession

os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
builder = SparkSession.builder.master(os.environ.get("SPARK_MASTER", "local-cluster[2,1,1536]"))
builder = builder.config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "4")
spark = builder.getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
for statement in json.load(sys.stdin):
    spark.sql(statement)
spark.stop()
