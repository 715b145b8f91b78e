"""Tests pairs of hosts for a period with msticpy's periodogram detector.

Each line of the input is the number of a pair and a second in which a
connection of it began. The output is a line for each pair: its number and the
p-value of Fisher's g-test.
"""

import sys

import pandas as pd
from msticpy.analysis.polling_detection import PeriodogramPollingDetector

data = pd.read_csv(sys.stdin, sep=" ", names=["pair", "second"])
detector = PeriodogramPollingDetector(data)
detector.detect_polling("second", groupby="pair")
for row in detector.data.drop_duplicates("pair").itertuples():
    print(row.pair, repr(float(row.p_value)))
