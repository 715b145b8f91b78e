"""What the source of a cell or of a module shows, and no event reports."""

import ast
import re

# Names of functions that read the clock, as attributes.
CLOCK = {"now", "utcnow", "today", "uuid1"}

# Texts that stand for the current time, as in pandas.Timestamp("now").
NOW = {"now", "today", "utcnow"}

# Magics and modules that measure time, and the field of a log's format.
TIMING = {"time", "timeit", "prun"}
ASCTIME = re.compile(r"%\(asctime\)|\{asctime|\$\{?asctime")

# Attributes and functions with which the times, permissions or owner of a file are read.
DETAILS = {
    "st_mtime", "st_mtime_ns", "st_ctime", "st_ctime_ns", "st_atime", "st_atime_ns", "st_birthtime", "st_mode", "st_uid",
    "st_gid", "st_nlink", "st_ino", "getmtime", "getctime", "getatime", "owner", "group",
}

# A statement of SQL that opens another database.
ATTACH = re.compile(r"(?:^|;)\s*attach\b", re.IGNORECASE)

# Packages that read files without Python and without a compiled module of their own,
# through ctypes or cffi; pyarrow is noticed if a cell imports it, since pandas does too.
UNSEEN = {
    "cffi", "ctypes", "geopandas", "lightgbm", "openslide", "pyarrow", "pyvips", "rtree", "soundfile", "vaex", "xarray", "xgboost",
}

# Packages that use the network without Python.
NETWORK = {"grpc", "MySQLdb", "oracledb", "psycopg", "psycopg2", "pycurl", "pymssql", "pyodbc"}

# Packages that report the state of the machine.
MACHINE = {"psutil", "GPUtil", "pynvml"}


class Findings:
    """Reasons for which a source's outputs are not kept, and whether it reads files' details."""

    def __init__(self):
        self.reasons = {}
        self.details = False


def inspect(source, where=""):
    """Returns the Findings of a source; where says where it is, unless it is a cell's."""
    found = Findings()
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return found

    def reason(kind, text):
        found.reasons.setdefault(kind, text + where)

    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            imports = [node.module or ""]
        else:
            imports = []
        for name in imports:
            top = name.split(".")[0]
            if top in UNSEEN:
                reason("unseen", f"{top}, which reads files by itself")
            elif top in NETWORK:
                reason("network", f"{top}, which uses the network")
            elif top in MACHINE:
                reason("machine", f"the state of the machine, from {top}")
            elif top == "timeit":
                reason("clock", "the clock")
            elif top == "posix":
                reason("environment", "all environment variables")
        if isinstance(node, ast.Attribute):
            found.details = found.details or node.attr in DETAILS
            if node.attr in CLOCK and not (isinstance(node.value, ast.Name) and node.value.id == "self"):
                reason("clock", "the clock")
            if node.attr == "_data" and isinstance(node.value, ast.Attribute) and node.value.attr == "environ":
                reason("environment", "all environment variables")
        elif isinstance(node, ast.Call):
            texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            if NOW.intersection(texts) or is_timing(node, texts):
                reason("clock", "the clock")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if ASCTIME.search(node.value):
                reason("clock", "the clock, in its log")
            if ATTACH.search(node.value):
                reason("database", "a database that is attached to another")
    return found


def is_timing(call, texts):
    return isinstance(call.func, ast.Attribute) and call.func.attr in ("run_line_magic", "run_cell_magic") and bool(texts) and texts[0] in TIMING
