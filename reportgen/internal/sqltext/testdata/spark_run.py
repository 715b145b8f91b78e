"""Runs SQL statements with Spark on two executor processes."""

import os

from pyspark.sql import SparkSession

import statements

os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
builder = SparkSession.builder.master(os.environ.get("SPARK_MASTER", "local-cluster[2,1,1536]"))
builder = builder.config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "4")
spark = builder.getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
statements.run(f"Spark {spark.version}", spark.sql)
spark.stop()
