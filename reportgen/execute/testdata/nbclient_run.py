"""Runs notebooks with nbclient, in place: the peer that outputs are compared with."""

import sys

import nbformat
from nbclient import NotebookClient

for name in sys.argv[1:]:
    notebook = nbformat.read(name, as_version=4)
    client = NotebookClient(notebook, timeout=120, allow_errors=True, coalesce_streams=True, record_timing=False)
    client.execute()
    nbformat.write(notebook, name)
