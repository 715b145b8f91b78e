"""What the notebooks share: figures, limits, and the numbers that are compared with Flowbook's."""

import json

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import EngFormatter

BASELINE, TEST, SUSPICIOUS = "#0072b2", "#e69f00", "#d55e00"


def bars(table, name, columns, suspicious=(), most=20):
    """Horizontal bars of the first rows of a table, a panel for each column and, for a pair of columns, both days in one."""
    head = table.head(most).iloc[::-1]
    figure, panels = plt.subplots(1, len(columns), sharey=True, squeeze=False, figsize=(8, 0.3 * len(head) + 1), layout="constrained")
    for axes, column in zip(panels[0], columns):
        days = column if isinstance(column, tuple) else (column,)
        for i, (day, colour) in enumerate(zip(days, (BASELINE, TEST) if len(days) > 1 else (BASELINE,))):
            colours = [SUSPICIOUS if n in suspicious and i == len(days) - 1 else colour for n in head[name]]
            where = np.arange(len(head)) + (i - (len(days) - 1) / 2) * 0.8 / len(days)
            drawn = axes.barh(where, head[day], 0.8 / len(days), color=colours, label=day)
            axes.bar_label(drawn, fmt=EngFormatter(places=1), padding=2, fontsize=7)
        axes.set_yticks(np.arange(len(head)), head[name])
        axes.set_xlabel(" and ".join(days))
        axes.xaxis.set_major_formatter(EngFormatter())
        if len(days) > 1:
            axes.set_xscale("log")
            axes.legend()
    plt.show()


def lines(days, label):
    """A line over the hours for each day."""
    figure, axes = plt.subplots(figsize=(8, 3.5), layout="constrained")
    for (name, values), colour in zip(days.items(), (BASELINE, TEST)):
        axes.plot(values.index, values.values, marker="o", color=colour, label=name)
    axes.set_xlabel("hour of the day")
    axes.set_ylabel(label)
    axes.yaxis.set_major_formatter(EngFormatter())
    axes.legend()
    plt.show()


def strips(clients, column):
    """A panel of bars for each client, over the half hours."""
    figure, panels = plt.subplots(len(clients), 1, sharex=True, squeeze=False, figsize=(8, 1.2 * len(clients) + 0.6), layout="constrained")
    for i, (axes, (name, day)) in enumerate(zip(panels[:, 0], clients.items())):
        axes.bar(day.index / 2, day[column], 0.4, color=SUSPICIOUS if i else BASELINE)
        axes.set_title(name, fontsize=8, loc="left")
    panels[-1, 0].set_xlabel("hour of the day")
    plt.show()


def half_hour_bars(day, name):
    """Flows and upload/download ratio of a client by half hour."""
    figure, panels = plt.subplots(2, 1, sharex=True, figsize=(8, 4), layout="constrained")
    for axes, column in zip(panels, ("flows", "up_down")):
        axes.bar(day.index / 2, day[column], 0.4, color=BASELINE)
        axes.set_ylabel(column)
    panels[0].set_title(name, fontsize=9, loc="left")
    panels[-1].set_xlabel("hour of the day")
    plt.show()


def limit(values, sensitivity):
    """The median of the logarithms and as many robust standard deviations more."""
    logs = np.log(values[values > 0])
    median = logs.median()
    return float(np.exp(median + sensitivity * 1.4826 * (logs - median).abs().median()))


def compared(**tables):
    """Prints, for each label of Flowbook's, the values of each row of a table by its key."""
    print(json.dumps({label: {"|".join(map(str, key if isinstance(key, tuple) else (key,))): [float(v) for v in row]
                              for key, row in zip(t.index, t.to_numpy())} for label, t in tables.items()}))
