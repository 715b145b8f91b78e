"""Runs the cells of notebooks, each in a process and folder of its own, and prints what is observed.

It reads a list of {"dir", "cells"} from stdin. A kernel for each would take a minute.
"""

import contextlib
import importlib.util
import io
import json
import os
import sys
import tempfile

import ipykernel.compiler
from IPython.core.interactiveshell import InteractiveShell


def observe(profile, situation):
    os.chdir(situation["dir"])
    sys.path[0] = ""
    for name in ("_syntax", "_observer"):
        spec = importlib.util.spec_from_file_location(name, os.path.join(profile, name + ".py"))
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    file = os.path.join(tempfile.mkdtemp(), "observed")
    shell = InteractiveShell(compiler_class=ipykernel.compiler.XCachingCompiler)
    sys.modules["_observer"].Observer(shell, file, [])
    failed = None
    with contextlib.redirect_stdout(io.StringIO()) as out:
        for cell in situation["cells"]:
            result = shell.run_cell(cell)
            failed = failed or result.error_before_exec or result.error_in_exec
    seen = {"reads": [], "reasons": [], "error": repr(failed) if failed else "", "out": out.getvalue()}
    with open(file) as f:
        for line in f:
            for key, found in json.loads(line).items():
                seen[key] += found
    return seen


for situation in json.load(sys.stdin):
    end, other = os.pipe()
    child = os.fork()
    if child == 0:
        with os.fdopen(other, "w") as f:
            json.dump(observe(sys.argv[1], situation), f)
        os._exit(0)
    os.close(other)
    with os.fdopen(end) as f:
        print(f.read())
    os.waitpid(child, 0)
